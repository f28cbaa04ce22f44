/// What an operation script can do besides letting a client speak; the numbers never change, so that inputs which once
/// showed a bug keep their meaning.
///
/// The lower six bits of an operation's octet are its number: up to `0x1D` the MsgType of a message that a client
/// sends, from `0x20` on these. Other numbers do nothing. Bit 6 repeats a datagram.
enum Operation: UInt8 {
    case sendRawDatagram = 0x20
    case truncateDatagram = 0x21
    /// A client answers the oldest thing that the gateway has said to one, mostly rightly.
    case answer = 0x22
    case openStream = 0x23
    case refuseStream = 0x24
    case readStream = 0x25
    case readPartOfStream = 0x26
    /// A packet comes from the broker that the broker never sent.
    case inventPacket = 0x27
    case inventBytes = 0x28
    case blockStream = 0x29
    case drainStream = 0x2A
    case endStream = 0x2B
    /// A client of the broker that is no client of the gateway publishes.
    case publish = 0x2C
    case changeBroker = 0x2D
    case passTime = 0x2E
    case passToDeadline = 0x2F
    /// The host wakes the gateway for nothing.
    case wakeEarly = 0x30
    case shutDown = 0x31
    /// Everybody does at once what is expected of him.
    case settle = 0x32
    /// The radio turns out to carry longer or shorter datagrams.
    case changeLink = 0x33
    case loseLink = 0x34
    case returnLink = 0x35
    /// The owner decides otherwise.
    case reconfigure = 0x36
    /// The host has something to publish of the gateway.
    case reportStatus = 0x37
    /// The gateway ends in good order, and another life goes on with its sessions.
    case suspend = 0x38
}
