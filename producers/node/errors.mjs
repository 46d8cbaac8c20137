// What the producer throws. Each text is one line for a person and holds no value of a lead, and
// none has a `cause`: a Redis client's own errors may carry the arguments of the call.

/** The root of the producer's errors. */
export class ProducerError extends Error {
  name = this.constructor.name;
}

/**
 * The lead, or an argument beside it, cannot be stored. Nothing was enqueued. `path` says where it
 * is wrong, dotted (`custom.score`, `utm.tags[2]`); "" for the lead as a whole.
 */
export class BadLead extends ProducerError {
  constructor(path, message) {
    super(path ? `${path}: ${message}` : message);
    this.path = path;
  }
}

/**
 * The root of what keeps Redis from taking a lead, now. `maybeEnqueued`: it may be enqueued all the
 * same. `summary`: of a bulk, what became of the leads before.
 */
export class NotEnqueued extends ProducerError {
  summary = null;

  constructor(message, { maybeEnqueued = false } = {}) {
    super(message);
    this.maybeEnqueued = maybeEnqueued;
  }
}

/** Redis did not confirm within the bound. The lead may or may not be enqueued. */
export class QueueUnavailable extends NotEnqueued {}

/** Redis is short of memory and takes no new leads. Nothing was enqueued. */
export class QueueFull extends NotEnqueued {}

/** The namespace holds records of another format than this release writes. */
export class FormatMismatch extends ProducerError {}
