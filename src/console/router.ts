/** The console's addresses. */
import express, { type NextFunction, type Request, type Response, Router } from 'express';
import { securityHeaders } from '../auth/headers.ts';
import { asProvisionerError } from '../model/errors.ts';
import { ProductId } from '../model/ids.ts';
import type { Logger } from '../telemetry/logger.ts';
import { loadAssets } from './assets.ts';
import { backOf, fieldsOf, isOurs } from './forms.ts';
import { topics } from './live.ts';
import { Memory } from './memory.ts';
import { carryOutOrders } from './order-routes.ts';
import { type Desk, type Page, sendPage, wantsBody } from './page.ts';
import { accessPage } from './pages/access.ts';
import { askedSection } from './pages/asked.ts';
import { auditPage } from './pages/audit.ts';
import { deliveriesPage, deliveryPage } from './pages/deliveries.ts';
import { filesOf } from './pages/files.ts';
import { createGraphPage } from './pages/graph.ts';
import { overviewPage } from './pages/overview.ts';
import { planSection } from './pages/plan.ts';
import { findDetail, productPage } from './pages/product.ts';
import { productsPage } from './pages/products.ts';
import { runPage, runsPage } from './pages/runs.ts';
import { loadViews, type Markup } from './views.ts';
import { type ConsoleOptions, type Visit, visitOf } from './visit.ts';
import type { Authenticate } from './visitor.ts';

/** Where the console is mounted. */
const consolePath = '/console';

type MakePage = (visit: Visit) => Promise<Page | null>;

/** Mount it at the root: its addresses begin with `consolePath`. */
export function createConsoleRouter(options: ConsoleOptions): Router {
  const base = consolePath;
  const render = loadViews(options.clock);
  const assets = loadAssets(base);
  const desk: Desk = { base, render, live: options.live, assets: assets.addresses, version: options.version };
  const router = Router();
  router.use(securityHeaders(options.secure), keptNowhere);
  router.use(assets.router);
  router.use(guard(options.authenticate));
  addPages(router, desk, options);
  addSections(router, desk, options);
  addTheme(router, base);
  carryOutOrders(router, desk, options);
  router.get('/events', (request, response) => {
    const { topic = [], product = [] } = request.query;
    options.live.watch(response, {
      topics: topics.filter((known) => [topic].flat().includes(known)),
      products: [product]
        .flat()
        .flatMap((id) => ProductId.safeParse(id).data ?? [])
        .slice(0, 10),
    });
  });
  router.use((request, response) => sendMissing(desk, visitOf(request, response)));
  router.use(failed(desk, options.log));
  return Router().use(base, router);
}

/** Pages tell who has access to what. */
function keptNowhere(_request: Request, response: Response, next: NextFunction): void {
  response.set('Cache-Control', 'no-store');
  next();
}

function guard(authenticate: Authenticate) {
  return async (request: Request, response: Response, next: NextFunction) => {
    const visitor = await authenticate(request, response);
    if (visitor === null) return;
    response.locals.visitor = visitor;
    next();
  };
}

function addPages(router: Router, desk: Desk, sources: ConsoleOptions): void {
  const { base, render } = desk;
  const memory = new Memory(desk.live, sources.clock);
  const graphPage = createGraphPage(base, sources, render);
  const pages: Readonly<Record<string, MakePage>> = {
    '/': ({ visitor }) => overviewPage(base, sources, render, visitor),
    '/products': ({ request }) => productsPage(base, sources, render, request),
    '/products/:id': ({ request, visitor }) => productPage(base, sources, render, visitor, request),
    '/access': ({ request }) => accessPage(base, sources, render, request),
    '/graph': ({ request }) => graphPage(request),
    '/runs': ({ request }) => runsPage(base, sources, render, request),
    '/runs/:id': ({ request }) => runPage(base, sources, render, String(request.params.id)),
    '/deliveries': ({ request }) => deliveriesPage(base, sources, render, request),
    '/deliveries/:id': ({ request, visitor }) =>
      deliveryPage(base, sources, render, visitor, String(request.params.id)),
    '/audit': ({ request }) => auditPage(base, sources, render, request),
  };
  for (const [path, make] of Object.entries(pages)) {
    router.get(path, async (request, response) => {
      const visit = visitOf(request, response);
      const page = wantsBody(request)
        ? await memory.recall(`${visit.visitor.role} ${request.originalUrl}`, () => make(visit))
        : await make(visit);
      if (page === null) return sendMissing(desk, visit);
      sendPage(desk, request, response, visit.visitor, page);
    });
  }
}

/** Parts of the product's page that are asked for when somebody wants them; without htmx each is a page of its own. */
function addSections(router: Router, desk: Desk, sources: ConsoleOptions): void {
  const { base, render } = desk;
  const section = (path: string, title: string, make: (visit: Visit) => Promise<Markup | null>) =>
    router.get(`/products/:id/${path}`, async (request, response) => {
      const visit = visitOf(request, response);
      const body = await make(visit);
      if (body === null) return sendMissing(desk, visit);
      if (request.get('HX-Request') !== undefined) return void response.type('html').send(String(body));
      const crumbs = [{ href: `${base}/products/${request.params.id}`, label: 'To the product' }];
      const whole = render('part', { title, body });
      sendPage(desk, request, response, visit.visitor, { section: 'products', title, crumbs, body: whole });
    });
  section('asked', 'Asked for in the portal', async ({ request }) => {
    const product = await findDetail(sources, request.params.id);
    return product === null ? null : askedSection(base, sources, render, product);
  });
  section('plan', 'Plan and drift', async ({ request }) => {
    const product = await findDetail(sources, request.params.id);
    return product === null ? null : planSection(base, sources, render, product);
  });
  section('files', 'Files of the workspace', async ({ request }) => {
    const product = await findDetail(sources, request.params.id);
    const path = typeof request.query.path === 'string' ? request.query.path : '';
    const files = product === null ? null : await filesOf(base, sources, product, path);
    return files === null ? null : render('files', files);
  });
}

const yearSeconds = 31_536_000;

function addTheme(router: Router, base: string): void {
  router.post('/theme', express.urlencoded({ extended: false, limit: '8kb' }), (request, response) => {
    const fields = fieldsOf(request);
    const { theme, back } = fields;
    if (!isOurs(fields, visitOf(request, response).visitor)) return response.redirect(303, base);
    const chosen = theme === 'light' || theme === 'dark';
    const value = chosen ? `${theme}; Max-Age=${yearSeconds}` : '; Max-Age=0';
    response.append('Set-Cookie', `console-theme=${value}; Path=${base}; HttpOnly; SameSite=Strict`);
    response.redirect(303, backOf(base, back));
  });
}

function sendMissing(desk: Desk, { request, response, visitor }: Visit): void {
  const says = 'It was never there, or is no longer kept. Runs and deliveries are kept for a while only.';
  sendPage(desk, request, response, visitor, {
    section: 'overview',
    title: 'There is nothing here',
    status: 404,
    body: desk.render('message', { says, href: desk.base, label: 'To the overview' }),
  });
}

/** Who asks could not be found out: nothing is said but that, and no name is shown. */
function sendAway({ render, assets }: Desk, request: Request, response: Response): void {
  response.status(503).set('Retry-After', '5').type('html');
  if (request.get('HX-Request') !== undefined) return void response.end();
  response.send(
    String(render('away', { assets, href: request.method === 'GET' ? request.originalUrl : consolePath })),
  );
}

function failed(desk: Desk, log: Logger) {
  return (thrown: unknown, request: Request, response: Response, next: NextFunction) => {
    const { code, message } = asProvisionerError(thrown);
    log.error('a page of the console failed', { code, error: message });
    if (response.headersSent) return next(thrown);
    if (response.locals.visitor === undefined) return sendAway(desk, request, response);
    const says =
      'This page could not be made. The log has the reason; most often the database is away for a moment.';
    sendPage(desk, request, response, visitOf(request, response).visitor, {
      section: 'overview',
      title: 'That did not work',
      status: 500,
      body: desk.render('message', { says, href: request.originalUrl, label: 'Try again' }),
    });
  };
}
