/** Prometheus text and PromQL, as far as tests hold one against the other. */
import { parser } from '@prometheus-io/lezer-promql';

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples of an exposition in the text format. */
export function samplesOf(text: string): readonly Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = /^([a-z_:][\w:]*)(?:\{(.*)\})? (\S+)$/i.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', text = '']) => [
      key,
      text,
    ]);
    return [
      { name, labels: Object.fromEntries(pairs), value: Number((value ?? '').replace('+Inf', 'Infinity')) },
    ];
  });
}

/** What an expression asks for; `errors` are the places that are no PromQL. */
export function readPromql(expression: string) {
  const metrics: string[] = [];
  const labels: string[] = [];
  const errors: string[] = [];
  const wanted: Wanted[] = [];
  parser.parse(expression).iterate({
    enter: ({ name, from, to, type, node }) => {
      const text = expression.slice(from, to);
      if (type.isError) errors.push(`${expression.slice(0, from)}⚠${expression.slice(from)}`);
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector') metrics.push(text);
      if (name === 'LabelName') labels.push(text);
      if (name === 'UnquotedLabelMatcher') wanted.push(wantedBy(text, metrics.at(-1) ?? ''));
    },
  });
  return { metrics, labels, errors, wanted };
}

/** A label's value that an expression asks for (or asks to be another); of a pattern, none. */
interface Wanted {
  readonly metric: string;
  readonly label: string;
  readonly values: readonly string[];
}

function wantedBy(matcher: string, metric: string): Wanted {
  const [, label = '', sign = '', value = ''] = /^(\w+)\s*(=~|!~|!=|=)\s*"(.*)"$/.exec(matcher) ?? [];
  return { metric, label, values: sign === '=' || sign === '!=' ? [value] : [] };
}
