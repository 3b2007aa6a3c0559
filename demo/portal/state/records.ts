/** What the simulated portal keeps. Ids are UUIDs, times ISO texts as the API shows them. */

export type Generation = 'v0.7.0' | 'main';

type ProductStatus = 'pending' | 'active' | 'archived' | 'deleting';
type AssetStatus = 'pending' | 'active' | 'archived';
type OutputPortStatus = 'pending' | 'active' | 'archived';
type AccessType = 'restricted' | 'private' | 'unrestricted';
type DurationType = 'permanent' | 'time_bound';
export type InputPortStatus = 'pending' | 'approved' | 'denied' | 'cancelled' | 'revoked' | 'expired';
type Decision = 'pending' | 'approved' | 'denied' | 'cancelled';

export interface ProductRecord {
  readonly id: string;
  name: string;
  namespace: string;
  description: string;
  status: ProductStatus;
  finalizers: string[];
  tagIds: string[];
  usage: string | null;
  about: string | null;
  domainId: string;
  typeId: string;
  /** Null only in rows older than the field; a read fills in the default. */
  lifecycleId: string | null;
}

export interface OutputPortRecord {
  readonly id: string;
  readonly productId: string;
  name: string;
  namespace: string;
  description: string;
  status: OutputPortStatus;
  accessType: AccessType;
  dataProductDuration: DurationType;
  explorationDuration: DurationType;
  about: string | null;
  lifecycleId: string | null;
  tagIds: string[];
}

interface S3Configuration {
  readonly configuration_type: 'S3TechnicalAssetConfiguration';
  readonly bucket: string;
  readonly suffix: string;
  readonly path: string;
}

export interface AssetRecord {
  readonly id: string;
  readonly productId: string;
  name: string;
  namespace: string;
  description: string;
  status: AssetStatus;
  readonly mapping: 'default' | 'custom';
  readonly platformId: string;
  readonly serviceId: string;
  readonly configuration: S3Configuration;
  tagIds: string[];
}

/** An output port is served from a technical asset. */
export interface LinkRecord {
  readonly id: string;
  readonly portId: string;
  readonly assetId: string;
  status: 'pending' | 'approved' | 'denied';
}

export interface AccessRequestRecord {
  readonly id: string;
  readonly justification: string;
  readonly durationType: DurationType;
  readonly durationDays: number | null;
  readonly requestedBy: string;
  readonly requestedOn: string;
  decision: Decision;
  decisionNote: string | null;
  decidedBy: string | null;
  /** First and last day of the access, `YYYY-MM-DD`. */
  validFrom: string | null;
  validUntil: string | null;
  revokedAt: string | null;
  revokedBy: string | null;
}

/** A consumer's wish to read an output port, with every request made for it, oldest first. */
export interface InputPortRecord {
  readonly id: string;
  readonly consumerId: string;
  readonly portId: string;
  status: InputPortStatus;
  readonly requests: AccessRequestRecord[];
}

export interface SettingValueRecord {
  readonly id: string;
  readonly definitionId: string;
  readonly productId: string;
  /** Null for a setting of the product itself. */
  readonly portId: string | null;
  value: string;
}

export interface RoleAssignmentRecord {
  readonly id: string;
  readonly scope: 'data_product' | 'output_port';
  /** Id of the product, or of the output port. */
  readonly resourceId: string;
  readonly userId: string;
  readonly roleId: string;
  readonly decision: Decision;
  readonly requestedOn: string;
  readonly decidedOn: string;
  readonly actorId: string;
}

export interface UserRecord {
  readonly id: string;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
}

export interface RoleRecord {
  readonly id: string;
  readonly name: string;
  readonly scope: 'data_product' | 'dataset';
  readonly description: string;
  readonly permissions: readonly number[];
  readonly prototype: number;
}

export interface LifecycleRecord {
  readonly id: string;
  readonly name: string;
  readonly value: number;
  readonly color: string;
  readonly isDefault: boolean;
}

export interface TypeRecord {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly iconKey: string;
}

export interface DomainRecord {
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

export interface TagRecord {
  readonly id: string;
  readonly value: string;
}

export interface SettingDefinitionRecord {
  readonly id: string;
  readonly category: string;
  readonly type: 'checkbox' | 'input' | 'tags';
  readonly tooltip: string;
  readonly namespace: string;
  readonly name: string;
  readonly default: string;
  readonly order: number;
  readonly scope: 'dataproduct' | 'dataset';
}

export interface EnvironmentRecord {
  readonly id: string;
  readonly name: string;
}
