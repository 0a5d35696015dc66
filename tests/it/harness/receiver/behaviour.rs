//! The ways of an endpoint that means no good, or is broken.

/// What it does with every caller. Unless it says otherwise it reads the whole request first, and counts it.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// Never answers, and keeps the connection until the caller closes it.
    AcceptsAndSaysNothing,
    /// Its queue of connections is full and nobody takes one out: a caller's SYN is dropped.
    SlowToAccept,
    /// A head that never ends, one byte every 200 ms.
    DripsHead,
    /// `200` and a head at once, then a byte of a body of a million every 200 ms.
    DripsBody,
    /// `200` with a gigabyte of body, as fast as it is read.
    Gigabyte,
    /// `200` and lines of headers without end, as fast as they are read.
    EndlessHeaders,
    /// `200` and one header whose value never ends.
    EndlessHeaderLine,
    /// Resets the connection instead of answering.
    Resets,
    /// Resets the connection as soon as it is accepted; nothing is counted.
    ResetsAtOnce,
    /// Answers with that status and `Location`.
    Redirects { status: u16, to: String },
    /// Answers the first request of each connection with 204, and closes when the second has come, unanswered.
    ClosesPooled,
    /// Answers 204, says nothing of closing, and closes at once.
    ClosesAfterAnswer,
    /// Answers 200, and in the same breath sends a 500 that nobody asked for; the connection goes on.
    TwoHundredThenFiveHundred,
    /// Answers with that status and that text as `Retry-After`.
    RetryAfter { status: u16, text: String },
    /// Bytes that are no HTTP, then closes.
    Garbage,
    /// Bytes that are no TLS for a caller who began with it; its addresses are `https`. Nothing is counted.
    GarbageTls,
    /// `200` with a `Content-Length` of 100 and 10 bytes, then closes.
    TruncatedBody,
    /// `200` and chunks without end, as fast as they are read.
    ChunkedForever,
    /// `200` and a chunk whose length is no number, then closes.
    WrongChunks,
    /// `100 Continue` without end, as fast as they are read.
    OneHundredContinues,
    /// `101` to a protocol that nobody asked for; keeps the connection.
    SwitchingProtocols,
    /// A body without a head, then closes.
    Http09,
    /// `200` whose status line is a megabyte long, then a right answer's rest.
    HugeStatusLine,
    /// `200` with a NUL in a header's value.
    NulInHeaders,
    /// `200` with bytes above 127 in a header's value, no UTF-8 among them.
    NonAsciiHeaders,
    /// `200` with two lengths that differ.
    DuplicateContentLength,
    /// Exactly these bytes, then closes.
    Says(Vec<u8>),
}
