import { describe, expect, test } from 'vitest';
import { type Catalogue, chooseTemplate, type TemplateRule } from '../../../src/workspace/catalogue.ts';
import type { Template } from '../../../src/workspace/template.ts';

const named = (id: string) => ({ template: { id } as Template, parameters: {} });
const catalogueWith = (...rules: TemplateRule[]): Catalogue => ({
  choices: new Map(['sqlmesh', 'dbt', 'r'].map((id) => [id, named(id)])),
  rules,
  fallback: named('sqlmesh'),
});
const product = {
  type: 'Reporting',
  domain: 'Sales',
  tags: ['monthly', 'PII'],
  settings: {},
  settingDefaults: {},
};
const chosen = (
  catalogue: Catalogue,
  change: { settings?: Record<string, string>; settingDefaults?: Record<string, string> } = {},
) => chooseTemplate(catalogue, { ...product, ...change }).template.id;

describe('a product gets', () => {
  test('the fallback where nothing says otherwise', () => {
    expect(chosen(catalogueWith({ domain: 'Finance', template: 'dbt' }))).toBe('sqlmesh');
  });

  test('what the first rule says that fits', () => {
    const rules = [
      { tag: 'hourly', template: 'r' },
      { domain: 'sales', template: 'dbt' },
      { type: 'Reporting', template: 'r' },
    ];
    expect(chosen(catalogueWith(...rules))).toBe('dbt');
  });

  test('what a rule says only when all of it fits', () => {
    expect(chosen(catalogueWith({ type: 'reporting', tag: 'pii', template: 'r' }))).toBe('r');
    expect(chosen(catalogueWith({ type: 'reporting', tag: 'hourly', template: 'r' }))).toBe('sqlmesh');
  });

  test('what its own setting says, before every rule', () => {
    const settings = { workspace_template: 'r' };
    expect(chosen(catalogueWith({ domain: 'Sales', template: 'dbt' }), { settings })).toBe('r');
    expect(chosen(catalogueWith(), { settings: { workspace_template: '' } })).toBe('sqlmesh');
  });

  test('what the setting’s default says, after every rule', () => {
    const settingDefaults = { workspace_template: 'r' };
    expect(chosen(catalogueWith(), { settingDefaults })).toBe('r');
    expect(chosen(catalogueWith({ domain: 'Sales', template: 'dbt' }), { settingDefaults })).toBe('dbt');
    const nowhere = { settingDefaults: { workspace_template: 'spark' } };
    expect(chosen(catalogueWith(), nowhere)).toBe('sqlmesh');
  });

  test('a word about what there is, when its setting names nothing', () => {
    expect(() => chosen(catalogueWith(), { settings: { workspace_template: 'spark' } })).toThrow(
      /workspace_template is "spark"; there are: dbt, r, sqlmesh/,
    );
  });
});
