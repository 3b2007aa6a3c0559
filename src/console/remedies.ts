/** What a person can do about a condition, by its reason: the sentence that the message does not have. */
const remedies: Readonly<Record<string, string>> = {
  ConfigInvalid: 'Correct the setting and restart the daemon.',
  DatabaseUnavailable: 'See whether the database is up. Nothing is lost: work goes on when it is back.',
  PortalUnavailable: 'See whether the portal is up. The home works on as it is; it is tried again by itself.',
  PortalDenied: 'Check our user in the portal: it needs Admin, or a role on this product.',
  PortalContract: 'The portal has another version than we know. Compare it with docs/configuration.md.',
  StoreUnavailable: 'See whether the object store is up. It is tried again by itself.',
  StoreDenied: 'Check the rights of our own identity in the store: docs/stores.md lists them.',
  StoreRejected: 'The store does not take what we send. Its words are in the message; see docs/stores.md.',
  SecretsUnavailable: 'See whether the secret manager is up. It is tried again by itself.',
  SecretsDenied: 'Check our identity in the secret manager.',
  ProofFailed: 'The store did not let the new key do what it must. See the message, then docs/stores.md.',
  NamespaceInvalid: 'Give the product another namespace in the portal.',
  TemplateInvalid: 'Correct the template; `provisioner template lint` says where.',
  WorkspaceUnwritable: 'Check space and rights of the volume. It is tried again by itself.',
  WorkspaceUnsafe: 'Move away what lies in the path; nothing is written through it.',
  Internal: 'This is a fault of ours. The log has the stack under the run’s id.',
  PolicyTooLarge: 'Take away inputs that are not needed, or use a store that takes larger policies.',
  PolicyNearLimit: 'Take away inputs that are not needed before the next ones are asked for.',
  StoreLimited: 'Know of it, or use another store: docs/stores.md compares them.',
  AccessEndsLate: 'Shorter sessions (PROV_SESSION_LIFETIME), or a role for each product (docs/stores.md).',
  Paused: 'Resume it when changes may be made again.',
  HomeKeepsName: 'Nothing has to be done: home and data stay under the name they have.',
  NamespaceUnsafe: 'Nothing has to be done. A plain namespace would give the next product a nicer home.',
  HeldByBrake: 'See in the portal whether so many products should be gone. If so, release the brake.',
};

/** `null`: the message says it all. */
export function remedyOf(reason: string): string | null {
  return remedies[reason] ?? null;
}
