/** Branded identifiers: a string that passed the border's check, so that one kind can not be taken for another. */
import { z } from 'zod';

/** The portal's id of a data product (a UUID, `GET /api/v2/data_products`). */
export const ProductId = z.guid().toLowerCase().brand<'ProductId'>();
export type ProductId = z.infer<typeof ProductId>;

/** Owner of what belongs to no product. */
export const noProduct = ProductId.parse('00000000-0000-0000-0000-000000000000');

/** The portal's id of an output port. */
export const OutputPortId = z.guid().toLowerCase().brand<'OutputPortId'>();
export type OutputPortId = z.infer<typeof OutputPortId>;

/** The portal's id of a technical asset. */
export const TechnicalAssetId = z.guid().toLowerCase().brand<'TechnicalAssetId'>();
export type TechnicalAssetId = z.infer<typeof TechnicalAssetId>;

/** Our id of one reconcile of one product. */
export const RunId = z.uuid().brand<'RunId'>();
export type RunId = z.infer<typeof RunId>;
