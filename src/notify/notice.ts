/** What people are told, and how they are reached. */
import type { NoticeKind } from '../model/notice.ts';

/** What a text may say of it: no secret, nothing about people. */
export interface NoticeFacts {
  /** The product's name; empty when it is about no product. */
  readonly product: string;
  readonly home: string;
  readonly message: string;
}

/** Something that is so now. One message per subject and reason, until it is over. */
export interface Notice {
  /** Id of the product, `brake`, or `api-key` with an id. */
  readonly subject: string;
  /** One word, stable. */
  readonly reason: string;
  readonly kind: NoticeKind;
  readonly facts: NoticeFacts;
}

/** A message: several products that have the same share one. */
export interface Message {
  /** The same for each try to send it. */
  readonly id: string;
  readonly kind: NoticeKind;
  readonly reason: string;
  /** It is over: the good word after the bad one. */
  readonly over: boolean;
  /** One line. */
  readonly title: string;
  readonly text: string;
  readonly about: readonly { readonly subject: string; readonly facts: NoticeFacts; readonly since: Date }[];
}

/** A way to reach people. */
export interface Channel {
  readonly name: 'webhook' | 'slack' | 'mail';
  /** Sends, or says in words why it could not; never throws. */
  send(message: Message): Promise<string | null>;
}
