/** Rows that other rows point to, as their answers embed them. */
import type { PortalState } from '../state/portal-state.ts';
import { domainView, lifecycleView, tagView, typeView, userView } from './configuration-view.ts';

/** A row that must be there, because it was checked when the pointer to it was stored. */
function embedded<Row, View>(table: ReadonlyMap<string, Row>, id: string, view: (row: Row) => View): View {
  const row = table.get(id);
  if (row === undefined) throw new Error(`a row points to ${id}, which is gone`);
  return view(row);
}

export const userOf = (state: PortalState, id: string) => embedded(state.users, id, userView);
export const domainOf = (state: PortalState, id: string) => embedded(state.domains, id, domainView);
export const typeOf = (state: PortalState, id: string) => embedded(state.types, id, typeView);

/** Those of the tags that still exist: deleting a tag takes it from everything. */
export const tagsOf = (state: PortalState, ids: readonly string[]) =>
  ids.flatMap((id) => state.tags.get(id) ?? []).map(tagView);

/** The default lifecycle where none is set. */
export function lifecycleOf(state: PortalState, id: string | null) {
  const lifecycle = (id === null ? undefined : state.lifecycles.get(id)) ?? state.defaultLifecycle();
  return lifecycle === null ? null : lifecycleView(lifecycle);
}
