/** The API's description: as a document for programs and as a page for people, without a script. */
import Handlebars from 'handlebars';
import { z } from 'zod';
import { type ErrorCode, errorCatalogue } from '../../model/errors.ts';
import type { ApiDocument } from './document.ts';
import { type Endpoint, rawEndpoint } from './endpoint.ts';
import { problemCatalogue, statusOfFailure } from './problem.ts';

/** @param describe the document of these operations and all others */
export function referenceEndpoints(describe: (own: readonly Endpoint[]) => ApiDocument): readonly Endpoint[] {
  const usual = { method: 'get', role: 'viewer', tag: 'Reference' } as const;
  let document: ApiDocument | null = null;
  const current = () => {
    document ??= describe(own);
    return document;
  };
  const own: readonly Endpoint[] = [
    rawEndpoint({
      ...usual,
      path: '/openapi.json',
      summary: 'This description as an OpenAPI 3.1 document.',
      content: 'application/json',
      answer: z.looseObject({ openapi: z.string() }).meta({ id: 'OpenApi' }),
      send: (_call, response) => void response.json(current()),
    }),
    rawEndpoint({
      ...usual,
      path: '/docs',
      summary: 'This description as a page.',
      content: 'text/html',
      answer: z.string(),
      send: (_call, response) => void response.type('html').send(renderReference(current())),
    }),
    rawEndpoint({
      ...usual,
      path: '/docs/styles.css',
      summary: 'How that page looks.',
      content: 'text/css',
      answer: z.string(),
      send: (_call, response) => void response.type('css').send(styles),
    }),
  ];
  return own;
}

const page = Handlebars.compile(
  `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{title}} API</title><link rel="stylesheet" href="/api/v1/docs/styles.css"></head>
<body>
<main>
<h1>{{title}} API <small>{{version}}</small></h1>
<p>{{description}} For programs: <a href="/api/v1/openapi.json">openapi.json</a>.</p>
<nav aria-label="Contents"><ul>{{#each groups}}<li><a href="#{{tag}}">{{tag}}</a></li>{{/each}}<li><a href="#problems">Problems</a></li><li><a href="#forms">Forms</a></li></ul></nav>
{{#each groups}}
<section><h2 id="{{tag}}">{{tag}}</h2>
{{#each operations}}
<details id="{{id}}"><summary><code class="{{method}}">{{method}}</code> <code>{{path}}</code> {{summary}}</summary>
<p>{{description}}</p>
{{#if parameters.length}}<table><thead><tr><th>parameter</th><th>in</th><th>form</th><th>meaning</th></tr></thead><tbody>
{{#each parameters}}<tr><td><code>{{name}}</code></td><td>{{in}}</td><td><code>{{form}}</code></td><td>{{description}}</td></tr>{{/each}}</tbody></table>{{/if}}
{{#if body}}<h3>Body</h3><pre tabindex="0">{{body}}</pre>{{/if}}
<h3>Answers</h3><ul>{{#each answers}}<li><code>{{status}}</code> {{#if form}}<a href="#form-{{form}}">{{form}}</a> {{/if}}{{description}}</li>{{/each}}</ul>
</details>
{{/each}}</section>
{{/each}}
<section><h2 id="problems">Problems</h2><dl>{{#each problems}}<dt id="{{anchor}}"><code>{{status}}</code> <code>{{code}}</code></dt><dd>{{title}}</dd>{{/each}}</dl></section>
<section><h2 id="forms">Forms</h2>{{#each forms}}<details id="form-{{name}}"><summary><code>{{name}}</code></summary><pre tabindex="0">{{text}}</pre></details>{{/each}}</section>
</main>
</body>
</html>
`,
);

const styles = `:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { margin: 0; background: Canvas; color: CanvasText }
main { max-width: 60rem; margin: 0 auto; padding: 1rem }
nav ul { display: flex; flex-wrap: wrap; gap: 1rem; padding: 0; list-style: none }
details { border: 1px solid GrayText; border-radius: .375rem; margin: .5rem 0; padding: .5rem .75rem; overflow-wrap: anywhere }
summary { cursor: pointer }
summary code:first-child { text-transform: uppercase; font-weight: 700 }
pre { overflow: auto; padding: .75rem; border: 1px solid GrayText }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .25rem .5rem; border-bottom: 1px solid GrayText; vertical-align: top }
:focus-visible { outline: 3px solid #60a5fa; outline-offset: 2px }
`;

/** The parts of a document that the page shows; what OpenAPI allows beside them, ours does not have. */
const Shown = z.object({
  info: z.object({ title: z.string(), version: z.string(), description: z.string() }),
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        operationId: z.string(),
        tags: z.tuple([z.string()]),
        summary: z.string(),
        description: z.string(),
        parameters: z
          .array(
            z.object({
              name: z.string(),
              in: z.string(),
              description: z.string().default(''),
              schema: z.json(),
            }),
          )
          .default([]),
        requestBody: z.json().optional(),
        responses: z.record(z.string(), z.object({ description: z.string(), content: z.json().optional() })),
      }),
    ),
  ),
  components: z.object({ schemas: z.record(z.string(), z.json()) }),
});

function renderReference(document: ApiDocument): string {
  const { info, paths, components } = Shown.parse(JSON.parse(JSON.stringify(document)));
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([
        method,
        {
          operationId: id,
          tags: [tag],
          requestBody,
          responses,
          ...words
        },
      ]) => ({
        ...words,
        id,
        tag,
        method,
        path,
        parameters: words.parameters.map(({ schema, ...rest }) => ({ ...rest, form: brief(schema) })),
        body: requestBody === undefined ? null : JSON.stringify(requestBody, null, 2),
        answers: Object.entries(responses).map(([status, { description, content }]) => {
          const form = /#\/components\/schemas\/(?<name>\w+)/.exec(JSON.stringify(content ?? null))?.groups
            ?.name;
          return { status, description, form };
        }),
      }),
    ),
  );
  const groups = [...Map.groupBy(operations, ({ tag }) => tag)].map(([tag, found]) => ({
    tag,
    operations: found,
  }));
  const forms = Object.entries(components.schemas).map(([name, form]) => ({
    name,
    text: JSON.stringify(form, null, 2),
  }));
  return page({ ...info, groups, forms, problems: allProblems() });
}

function allProblems() {
  const own = Object.entries(problemCatalogue).map(([code, { status, title }]) => ({ code, status, title }));
  const behind = Object.entries(errorCatalogue).map(([code, { meaning }]) => ({
    code,
    // Keys of a literal, which `Object.entries` forgets.
    status: statusOfFailure(code as ErrorCode),
    title: meaning,
  }));
  return [...own, ...behind].map((each) => ({
    ...each,
    anchor: each.code.toLowerCase().replaceAll('_', '-'),
  }));
}

/** A parameter's form in a few signs. */
function brief(schema: unknown): string {
  const {
    type,
    format,
    enum: values,
  } = z.looseObject({ enum: z.array(z.string()).optional() }).parse(schema);
  return values?.join(' | ') ?? String(format ?? type ?? '');
}
