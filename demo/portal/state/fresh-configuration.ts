/**
 * What a portal has before anybody made a product: the lifecycles, types, domains, people and roles to choose from.
 * Ids are fixed so that two starts, and the demo's texts, agree.
 */
import type {
  DomainRecord,
  EnvironmentRecord,
  LifecycleRecord,
  RoleRecord,
  SettingDefinitionRecord,
  TagRecord,
  TypeRecord,
  UserRecord,
} from './records.ts';

const actor: UserRecord = {
  id: 'b72fca38-17ff-4259-a075-5aaa5973343c',
  email: 'john.scientist@pharma.com',
  firstName: 'john',
  lastName: 'scientist',
};

const users: readonly UserRecord[] = [
  actor,
  {
    id: 'a02d3714-97e3-40d8-92b7-3b018fd1229f',
    email: 'alice.baker@pharma.com',
    firstName: 'Alice',
    lastName: 'Baker',
  },
  {
    id: '35f2dd11-3119-4eb3-8f19-01b323131221',
    email: 'bob.johnson@pharma.com',
    firstName: 'Bob',
    lastName: 'Johnson',
  },
];

/** A real fresh portal has `Draft` alone; `Ready` is what the portal's own demos add. */
const lifecycles: readonly LifecycleRecord[] = [
  { id: '00000000-0000-0000-0000-000000000001', name: 'Draft', value: 0, color: 'grey', isDefault: true },
  { id: '6b6b0396-2d0b-43a2-a3bf-83314097f803', name: 'Ready', value: 50, color: 'green', isDefault: false },
];

const types: readonly TypeRecord[] = [
  {
    id: 'e49fca9a-7bc0-4e22-ad49-daee4d332d08',
    name: 'Source aligned',
    description: 'Brings data in from a source system.',
    iconKey: 'ingestion',
  },
  {
    id: '90ab1128-329f-47dd-9420-c9681bfc68c4',
    name: 'Processing',
    description: 'Transforms, cleans or enriches data.',
    iconKey: 'processing',
  },
  {
    id: '1b4a64b3-96fb-404c-a73c-294802dc9852',
    name: 'Reporting',
    description: 'Provides reports and dashboards.',
    iconKey: 'reporting',
  },
];

const domains: readonly DomainRecord[] = [
  { id: '9ca1dc28-2d70-4c2d-be4b-a63621a88e94', name: 'Sales', description: 'Sales and marketing' },
  {
    id: 'bd09093e-14ff-41c1-b74d-7c2ce9821d1c',
    name: 'Operations',
    description: 'Supply chain and logistics',
  },
  { id: '8798b58a-9119-43d1-9365-dc83e07b8d87', name: 'Finance', description: 'Revenue, expenses, profit' },
];

const tags: readonly TagRecord[] = [
  { id: '3cff4485-6f82-431e-906e-2fd6651a2159', value: 'golden' },
  { id: 'aaead9e2-5812-4748-aa17-caab2bb1e4b7', value: 'PII' },
];

const settingDefinitions: readonly SettingDefinitionRecord[] = [
  {
    id: 'a25697d9-5b37-4cf5-9e35-e112f97c0704',
    category: 'Provisioner',
    type: 'input',
    tooltip: 'Which template renders the workspace',
    namespace: 'workspace_template',
    name: 'Workspace template',
    default: 'sqlmesh',
    order: 1,
    scope: 'dataproduct',
  },
];

const span = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

const roles: readonly RoleRecord[] = [
  {
    id: '59d1a99b-88f6-488d-8f0c-e9e1b788c7b2',
    name: 'Owner',
    scope: 'data_product',
    description: 'The owner of a Data Product',
    permissions: span(301, 315),
    prototype: 2,
  },
  {
    id: '18e67286-92aa-449a-ba46-ac26eb0de21d',
    name: 'Solution Architect',
    scope: 'data_product',
    description: 'The Solution Architect for a Data Product',
    permissions: [303, ...span(309, 314)],
    prototype: 0,
  },
  {
    id: '9ca3bfdd-2919-4190-a8bb-55e9ee7d70dd',
    name: 'Member',
    scope: 'data_product',
    description: 'A regular team member of a Data Product',
    permissions: span(313, 315),
    prototype: 0,
  },
  {
    id: 'c003a1da-92f7-4947-aa34-23ac78fe4d25',
    name: 'Owner',
    scope: 'dataset',
    description: 'The owner of a Dataset',
    permissions: span(401, 415),
    prototype: 2,
  },
];

const environments: readonly EnvironmentRecord[] = [
  { id: 'c2d163b6-79c7-4a0d-8161-a4d2fbe6d486', name: 'development' },
  { id: 'f3e30160-9576-4935-ae33-65ceca8c50a4', name: 'production' },
];

export const freshConfiguration = {
  actor,
  users,
  lifecycles,
  types,
  domains,
  tags,
  settingDefinitions,
  roles,
  environments,
} as const;
