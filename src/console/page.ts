/** From what a page has to say to the answer: the whole page, or the part of it that is alive. */
import type { Request, Response } from 'express';
import type { ProductId } from '../model/ids.ts';
import type { Live, Topic } from './live.ts';
import type { Markup, Render } from './views.ts';
import { may, type Visitor } from './visitor.ts';

export type Section = 'overview' | 'products' | 'access' | 'graph' | 'runs' | 'deliveries' | 'audit';

export interface Page {
  readonly section: Section;
  /** Heading, and name of the window. */
  readonly title: string;
  /** Pages above this one. */
  readonly crumbs?: readonly { readonly href: string; readonly label: string }[];
  /** One line below the heading. */
  readonly lead?: string;
  /** Between heading and body: filters, orders. Stays as it is while the body is brought up to date. */
  readonly controls?: Markup;
  readonly body: Markup;
  /** Below the body; stays as it is as well. */
  readonly after?: Markup;
  /** What makes the body be asked for anew. */
  readonly topics?: readonly Topic[];
  /** Products behind the topic `product`. */
  readonly watch?: readonly ProductId[];
  readonly status?: number;
}

export interface Desk {
  readonly base: string;
  readonly render: Render;
  readonly live: Live;
  readonly assets: Readonly<Record<string, string>>;
  readonly version: string;
}

const sections: readonly { readonly key: Section; readonly path: string; readonly label: string }[] = [
  { key: 'overview', path: '', label: 'Overview' },
  { key: 'products', path: '/products', label: 'Products' },
  { key: 'access', path: '/access', label: 'Who reads what' },
  { key: 'graph', path: '/graph', label: 'Access graph' },
  { key: 'runs', path: '/runs', label: 'Runs' },
  { key: 'deliveries', path: '/deliveries', label: 'Deliveries' },
  { key: 'audit', path: '/audit', label: 'Audit' },
];

/** Whether htmx asks for the living part of the page alone. */
export function wantsBody(request: Request): boolean {
  return request.get('HX-Target') === 'live';
}

/** Whether htmx asks, to put the answer into the dialog. */
export function wantsDialog(request: Request): boolean {
  return request.get('HX-Target') === 'dialog';
}

/** Answers with the page, or with its body when that is what was asked for. */
export function sendPage(
  desk: Desk,
  request: Request,
  response: Response,
  visitor: Visitor,
  page: Page,
): void {
  response
    .status(page.status ?? 200)
    .type('html')
    .set('Vary', 'HX-Target');
  if (wantsBody(request)) return void response.send(String(page.body));
  response.send(String(desk.render('layout', layoutOf(desk, request, visitor, page))));
}

function layoutOf(desk: Desk, request: Request, visitor: Visitor, page: Page) {
  const { base } = desk;
  const topics = page.topics ?? [];
  const following = new URLSearchParams([
    ...topics.map((topic) => ['topic', topic]),
    ...(page.watch ?? []).map((id) => ['product', id]),
  ]);
  return {
    ...page,
    base,
    visitor,
    operator: may(visitor, 'operator'),
    assets: desk.assets,
    version: desk.version,
    theme: themeOf(request),
    here: request.originalUrl,
    notice: noticeOf(request),
    nav: sections.map(({ key, path, label }) => ({
      href: `${base}${path}`,
      label,
      current: key === page.section,
    })),
    live: topics.length > 0,
    trigger: ['refresh', 'sse:ready', ...topics.map((topic) => `sse:${topic}`)].join(', '),
    events: `${base}/events?${following}`,
  };
}

const themes = ['light', 'dark'] as const;
const themeCookie = /(?:^|;\s*)console-theme=(light|dark)(?:;|$)/;

/** `null`: as the machine has it. */
function themeOf(request: Request): (typeof themes)[number] | null {
  const found = themeCookie.exec(request.get('cookie') ?? '')?.[1];
  return themes.find((theme) => theme === found) ?? null;
}

/** What an order's redirect may have the next page say. Words come from here, never from the address. */
const notices: Readonly<Record<string, string>> = {
  reconcile: 'Queued: it is looked at now, and this page follows.',
  rotate: 'A new key is on its way. The old one works until its grace ends.',
  pause: 'Paused: runs observe and plan, and change nothing.',
  resume: 'Resumed: the next run changes things again.',
  undelete: 'Queued: the workspace comes back from the archive.',
  replay: 'Queued: the products of this delivery are looked at again.',
  'release-brake': 'The brake is released: what it held is torn down now.',
};

function noticeOf(request: Request): string | null {
  const { done } = request.query;
  return typeof done === 'string' && Object.hasOwn(notices, done) ? (notices[done] ?? null) : null;
}
