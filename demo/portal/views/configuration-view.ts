/** People, roles, domains and the other things that answers embed. */
import type {
  DomainRecord,
  LifecycleRecord,
  RoleRecord,
  SettingDefinitionRecord,
  TagRecord,
  TypeRecord,
  UserRecord,
} from '../state/records.ts';

export const userView = (user: UserRecord) => ({
  id: user.id,
  email: user.email,
  external_id: user.email,
  first_name: user.firstName,
  last_name: user.lastName,
  has_seen_tour: true,
  can_become_admin: true,
  admin_expiry: null,
});

export const roleView = (role: RoleRecord) => ({
  name: role.name,
  scope: role.scope,
  description: role.description,
  permissions: role.permissions,
  id: role.id,
  prototype: role.prototype,
});

export const domainView = (domain: DomainRecord) => ({
  id: domain.id,
  name: domain.name,
  description: domain.description,
});

export const typeView = (type: TypeRecord) => ({
  id: type.id,
  name: type.name,
  description: type.description,
  icon_key: type.iconKey,
});

export const lifecycleView = (lifecycle: LifecycleRecord) => ({
  id: lifecycle.id,
  name: lifecycle.name,
  value: lifecycle.value,
  color: lifecycle.color,
  is_default: lifecycle.isDefault,
});

export const tagView = (tag: TagRecord) => ({ id: tag.id, value: tag.value });

export const settingDefinitionView = (definition: SettingDefinitionRecord) => ({ ...definition });
