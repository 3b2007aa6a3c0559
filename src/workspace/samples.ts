/** Products that do not exist, to try a template on: what people write in a portal, and worse. */
import { publishedTable } from '../model/published.ts';
import type { RenderContext } from './render.ts';

type Facts = Omit<RenderContext, 'parameters'>;

/** What the portal lets people write, and every language of a template has to bear. */
const hostile = [
  '"; DROP TABLE x; --',
  '{{x}} {% y %} \u0024{z} `id` \u2028',
  `'"""`,
  '# [a](b) <script>',
  '-',
].join('\r\n');

/** A product with nothing unusual about it. */
export const plainProduct: Facts = {
  product: {
    id: '0b3c7f4e-0000-4000-8000-000000000001',
    name: 'Sales report',
    namespace: 'sales-report',
    description: 'What was sold, by month.',
    domain: 'Sales',
    type: 'Reporting',
    lifecycle: 'Production',
    tags: ['monthly'],
    owners: [{ name: 'Ada Lovelace', email: 'ada@example.com' }],
  },
  home: {
    name: 'sales-report',
    bucket: 'data-products',
    prefix: 'sales-report/',
    schema: 'sales_report',
    outputUri: 's3://data-products/sales-report/output/',
  },
  inputs: [
    {
      product: { id: '0b3c7f4e-0000-4000-8000-000000000002', name: 'Sales leads' },
      outputPort: 'leads',
      schema: 'sales_leads',
      uri: 's3://data-products/sales-leads/output/',
      tables: ['leads', 'regions'],
      published: [
        publishedTable('leads', 'Who asked for an offer.', [
          { name: 'id', type: 'bigint', description: 'Number of the lead.' },
          { name: 'worth', type: 'decimal(18, 2)', description: '' },
          { name: 'seen_at', type: 'timestamp with time zone', description: '' },
        ]),
        publishedTable('regions', '', [
          { name: 'name', type: 'varchar', description: '' },
          { name: 'parts', type: null, description: '' },
        ]),
      ],
    },
    {
      product: { id: '0b3c7f4e-0000-4000-8000-000000000003', name: 'Empty so far' },
      outputPort: 'nothing',
      schema: 'empty_so_far',
      uri: 's3://data-products/empty-so-far/output/',
      tables: [],
      published: [],
    },
  ],
};

const hostileProduct: Facts = {
  ...plainProduct,
  product: {
    ...plainProduct.product,
    name: hostile,
    description: hostile,
    domain: hostile,
    type: hostile,
    lifecycle: hostile,
    tags: [hostile],
    owners: [{ name: hostile, email: hostile }],
  },
  inputs: plainProduct.inputs.map((input) => ({
    ...input,
    product: { ...input.product, name: hostile },
    outputPort: hostile,
    published: input.published.map((table) => ({
      ...table,
      description: hostile,
      columns: table.columns.map((column, index) => ({
        ...column,
        name: `${hostile.replaceAll('\r\n', ' ')} ${index}`,
        description: hostile,
      })),
    })),
  })),
};

const bareProduct: Facts = {
  ...plainProduct,
  product: { ...plainProduct.product, description: '', lifecycle: null, tags: [], owners: [] },
  inputs: [],
};

/** Name → product, as the lint tries them. */
export const sampleProducts: Readonly<Record<string, Facts>> = {
  'a plain product': plainProduct,
  'a product without inputs, owners and description': bareProduct,
  'a product with hostile texts': hostileProduct,
};
