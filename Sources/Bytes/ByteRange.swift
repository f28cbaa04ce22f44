/// A range of offsets into bytes that somebody else holds.
///
/// Decoded messages and packets name their variable parts this way, so that decoding copies nothing. A range is valid
/// only together with the bytes it was made from.
public typealias ByteRange = Range<Int>
