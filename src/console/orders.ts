/** What a visitor may order on the console, what is asked before, and how it is carried out. */
import type { Commands, Person } from '../control/commands.ts';
import type { ProductDetail } from '../insight/product.ts';
import type { ProductId } from '../model/ids.ts';
import type { RoleName } from '../model/role.ts';
import { may, type Visitor } from './visitor.ts';

export interface Order {
  readonly role: RoleName;
  /** On the button. */
  readonly label: string;
  /** What will happen, before it does. */
  readonly says: string;
  /** It can not be taken back, or stops something. */
  readonly danger: boolean;
}

export interface ProductOrder extends Order {
  readonly fits: (product: ProductDetail) => boolean;
  /** Resolves with a text when it could not be done. */
  readonly carryOut: (commands: Commands, product: ProductId, by: Person) => Promise<string | null>;
}

export interface EstateOrder extends Order {
  readonly carryOut: (commands: Commands, by: Person) => Promise<unknown>;
}

const lives = ({ state }: ProductDetail) => state === 'live';
const notThere = 'There is no such living product any more.';

export const productOrders: Readonly<Record<string, ProductOrder>> = {
  reconcile: {
    role: 'operator',
    label: 'Look at it now',
    says: 'The product is compared with what the portal says, and what differs is put in order.',
    danger: false,
    fits: () => true,
    carryOut: async (commands, product, by) => {
      await commands.reconcile([product], by);
      return null;
    },
  },
  rotate: {
    role: 'operator',
    label: 'Make a new key',
    says: 'A new key is made, proven and written into .env. The old one works until its grace ends; programs that keep it longer lose access then.',
    danger: false,
    fits: lives,
    carryOut: async (commands, product, by) => ((await commands.rotate(product, by)) ? null : notThere),
  },
  pause: {
    role: 'operator',
    label: 'Pause',
    says: 'Runs will observe and plan, and change nothing: access that is granted or revoked in the portal does not take effect until you resume.',
    danger: true,
    fits: (product) => lives(product) && product.pausedAt === null,
    carryOut: async (commands, product, by) => ((await commands.pause(product, by)) ? null : notThere),
  },
  resume: {
    role: 'operator',
    label: 'Resume',
    says: 'The next run puts everything in order that changed meanwhile.',
    danger: false,
    fits: ({ pausedAt }) => pausedAt !== null,
    carryOut: async (commands, product, by) => ((await commands.resume(product, by)) ? null : notThere),
  },
  undelete: {
    role: 'operator',
    label: 'Undelete',
    says: 'The workspace comes back from the archive, with new keys, if the portal has the product again.',
    danger: false,
    fits: ({ state }) => state === 'retired',
    carryOut: async (commands, product, by) => undeletions[await commands.undelete(product, by)],
  },
};

const undeletions = {
  queued: null,
  unknown: 'The portal has no such product. Bring it back there first.',
  'not-retired': 'It is not retired: there is nothing to bring back.',
  'archive-gone': 'The archive has its workspace no more: it was swept away. The product gets a fresh one.',
} as const;

export const estateOrders: Readonly<Record<string, EstateOrder>> = {
  reconcile: {
    role: 'operator',
    label: 'Look at every product now',
    says: 'Every product is compared with what the portal says. With many products this takes a while, and asks much of portal and store.',
    danger: false,
    carryOut: (commands, by) => commands.reconcile('all', by),
  },
  pause: {
    role: 'admin',
    label: 'Pause everything',
    says: 'Runs will observe and plan, and change nothing, for every product, until an admin resumes.',
    danger: true,
    carryOut: (commands, by) => commands.pause('all', by),
  },
  resume: {
    role: 'admin',
    label: 'Resume everything',
    says: 'The next runs put everything in order that changed meanwhile.',
    danger: false,
    carryOut: (commands, by) => commands.resume('all', by),
  },
  'release-brake': {
    role: 'admin',
    label: 'Release the brake',
    says: 'Every product that the brake holds is torn down: its keys end, its workspace goes to the archive.',
    danger: true,
    carryOut: (commands, by) => commands.releaseBrake(by),
  },
};

export const replayOrder: Order = {
  role: 'operator',
  label: 'Replay',
  says: 'The products that this delivery named are looked at again. Nothing else is repeated: what is done follows from what the portal says now.',
  danger: false,
};

/** What the visitor may order for a product as it stands. */
export function ordersOf(product: ProductDetail, visitor: Visitor) {
  return Object.entries(productOrders)
    .filter(([, order]) => may(visitor, order.role) && order.fits(product))
    .map(([name, { label, danger }]) => ({ name, label, danger }));
}
