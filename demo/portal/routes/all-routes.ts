/** Every route of one generation. */
import type { Route } from '../http/route.ts';
import type { Generation } from '../state/records.ts';
import { assetLinkRoutes } from './asset-links.ts';
import { configurationRoutes } from './configuration.ts';
import { consumerRoutes } from './consumers.ts';
import { finalizerRoutes } from './finalizers.ts';
import { generalRoutes } from './general.ts';
import { graphRoutes } from './graph.ts';
import { inputPortRoutes } from './input-ports.ts';
import { outputPortRoutes } from './output-ports.ts';
import { productRoutes } from './products.ts';
import { roleAssignmentRoutes } from './role-assignments.ts';
import { settingRoutes } from './settings.ts';
import { technicalAssetRoutes } from './technical-assets.ts';

export function allRoutes(generation: Generation, options: { readonly keyed: boolean }): readonly Route[] {
  return [
    ...generalRoutes(options.keyed),
    ...graphRoutes,
    ...productRoutes(generation),
    ...finalizerRoutes,
    ...settingRoutes,
    ...outputPortRoutes,
    ...consumerRoutes,
    ...inputPortRoutes(generation),
    ...technicalAssetRoutes(generation),
    ...assetLinkRoutes,
    ...roleAssignmentRoutes,
    ...configurationRoutes,
  ];
}
