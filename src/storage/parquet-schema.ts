/**
 * The part of a Parquet footer that tells columns, cut out of it. The bytes are anybody's, and the library believes the
 * lengths that stand in them: a footer of 2 KB could have it take gigabytes. So what it gets was walked through before.
 */

/** Kinds of values (Thrift, compact protocol). */
const kind = {
  stop: 0,
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  struct: 12,
};

const deepest = 8;
/** Of the schema alone; some ten thousand columns. */
const mostBytes = 512 * 1024;

/** Field 3 (rows: 0), field 4 (row groups: an empty list), end. */
const rest = [0x16, 0x00, 0x19, 0x0c, 0x00];

/**
 * A footer that has the schema of the given one and no row groups, with its length and the magic number behind it.
 *
 * @param footer without those
 * @returns `null` when it is none
 */
export function schemaAlone(footer: Uint8Array): Uint8Array | null {
  const walk = new Walk(footer);
  try {
    // Version, then schema: writers keep the order of the fields (Parquet format, `FileMetaData`).
    if (walk.byte() !== 0x15) return null;
    walk.skip(kind.i16, 0);
    if (walk.byte() !== 0x19) return null;
    walk.skip(kind.list, 0);
  } catch {
    return null;
  }
  if (walk.at > mostBytes) return null;
  const cut = [...footer.subarray(0, walk.at), ...rest];
  const end = Buffer.alloc(8, 'PAR1');
  end.writeUInt32LE(cut.length);
  return Buffer.concat([Uint8Array.from(cut), end]);
}

/** Goes from value to value; throws where a length leads out. */
class Walk {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    const byte = this.#bytes[this.at];
    if (byte === undefined) throw new RangeError('it ends too early');
    this.at += 1;
    return byte;
  }

  skip(type: number, depth: number): void {
    if (depth > deepest) throw new RangeError('it is too deep');
    if (type === kind.true || type === kind.false) return;
    if (type === kind.byte) this.#forward(1);
    else if (type >= kind.i16 && type <= kind.i64) this.#number();
    else if (type === kind.double) this.#forward(8);
    else if (type === kind.binary) this.#forward(this.#number());
    else if (type === kind.list) this.#list(depth);
    else if (type === kind.struct) this.#struct(depth);
    else throw new RangeError('it has values of an unknown kind');
  }

  #list(depth: number): void {
    const head = this.byte();
    const short = head >> 4;
    const length = short === 15 ? this.#number() : short;
    // Every entry has a byte at least.
    if (length > this.#bytes.length - this.at) throw new RangeError('it claims more than it has');
    const each = head & 15;
    for (let index = 0; index < length; index += 1)
      this.skip(each === kind.true || each === kind.false ? kind.byte : each, depth + 1);
  }

  #struct(depth: number): void {
    for (let head = this.byte(); (head & 15) !== kind.stop; head = this.byte()) {
      if (head >> 4 === 0) this.#number();
      this.skip(head & 15, depth + 1);
    }
  }

  /** Seven bits a byte; more than ten bytes hold no number of 64 bits. */
  #number(): number {
    let value = 0;
    for (let index = 0; index < 10; index += 1) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** (7 * index);
      if (byte < 128) return value;
    }
    throw new RangeError('it has a number without end');
  }

  #forward(count: number): void {
    if (count > this.#bytes.length - this.at) throw new RangeError('it claims more than it has');
    this.at += count;
  }
}
