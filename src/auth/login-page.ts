/** The page where somebody logs in; it works without any script. */
import Handlebars from 'handlebars';

const page = Handlebars.compile(
  `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log in – Provisioner</title>
<link rel="stylesheet" href="/auth/login.css">
</head>
<body>
<main>
<h1>Provisioner</h1>
{{#if problem}}<p role="alert">{{problem}}</p>{{/if}}
{{#if oidc}}<p><a class="button" href="/auth/start?return={{returnQuery}}">Log in with your organisation</a></p>{{/if}}
<form method="post" action="/auth/key">
<input type="hidden" name="return" value="{{returnTo}}">
<label for="key">{{#if oidc}}Or with an API key{{else}}API key{{/if}}</label>
<input id="key" name="key" type="password" autocomplete="off" required>
<button>Log in</button>
</form>
</main>
</body>
</html>
`,
  { strict: true },
);

/** @param problem said above the form; `null`: there is none */
export function renderLoginPage(oidc: boolean, returnTo: string, problem: string | null): string {
  return page({ oidc, returnTo, returnQuery: encodeURIComponent(returnTo), problem });
}

export const loginStyles = `:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { margin: 0; display: grid; place-items: center; min-height: 100vh; background: Canvas; color: CanvasText }
main { width: min(24rem, 90vw) }
form { display: grid; gap: .5rem }
input, button, .button { font: inherit; padding: .5rem .75rem; border: 1px solid GrayText; border-radius: .375rem }
button, .button { display: block; text-align: center; text-decoration: none; background: #1d4ed8; color: #fff; border-color: #1d4ed8; cursor: pointer }
:focus-visible { outline: 3px solid #60a5fa; outline-offset: 2px }
[role=alert] { border-left: .25rem solid #b91c1c; padding-left: .75rem }
`;
