// The state of a searched world in seven words, so that millions of them fit and compare fast, in a debug build too.

extension UInt {
    /// The `count` bits from `position` on.
    func bits(_ position: Int, _ count: Int) -> Int {
        Int(bitPattern: (self &>> UInt(bitPattern: position)) & ((1 &<< UInt(bitPattern: count)) &- 1))
    }

    mutating func setBits(_ position: Int, _ count: Int, _ value: Int) {
        let mask: UInt = ((1 &<< UInt(bitPattern: count)) &- 1) &<< UInt(bitPattern: position)
        self = self & ~mask | UInt(bitPattern: value) &<< UInt(bitPattern: position) & mask
    }
}

/// The world around one client's table of exchanges: the client, the network's bags of datagrams, the broker's two
/// streams, and the broker.
struct ModelState {
    /// Sixteen bits for each message.
    var clients: UInt = 0
    /// Two bits for each datagram that may be on its way to the gateway.
    var up: UInt = 0
    /// Two bits for each datagram that may be on its way to the client.
    var down: UInt = 0
    /// Eight bits for each packet on its way to the broker; the first are the lowest.
    var toBroker: UInt = 0
    var fromBroker: UInt = 0
    /// The table's number, the identifiers the broker holds, the time and what is on.
    var gateway: UInt = 0
    /// How often what has happened, four bits each.
    var spent: UInt = 0

    static func == (left: ModelState, right: ModelState) -> Bool {
        left.clients == right.clients && left.up == right.up && left.down == right.down
            && left.toBroker == right.toBroker && left.fromBroker == right.fromBroker
            && left.gateway == right.gateway && left.spent == right.spent
    }

    var hash: UInt {
        var hash = clients &* 0x9E37_79B9_7F4A_7C15
        hash = (hash ^ hash &>> 29 ^ up) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ hash &>> 31 ^ down) &* 0x94D0_49BB_1331_11EB
        hash = (hash ^ hash &>> 30 ^ toBroker) &* 0xD6E8_FEB8_6659_FD93
        hash = (hash ^ hash &>> 32 ^ fromBroker) &* 0x9E37_79B9_7F4A_7C15
        hash = (hash ^ hash &>> 29 ^ gateway) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ hash &>> 31 ^ spent) &* 0x94D0_49BB_1331_11EB
        return hash ^ hash &>> 32
    }
}

// MARK: The client's messages

extension ModelState {
    /// How far the client is with a message.
    enum Phase: Int {
        case idle, publishing, releasing
        /// It has its last answer.
        case done
        case gaveUp
        /// It has 0x01.
        case refused
        /// It has rebooted and knows nothing of it.
        case forgotten
    }

    func phase(_ message: Int) -> Phase { Phase(rawValue: clients.bits(message &* 16, 3)) ?? .idle }

    mutating func setPhase(_ message: Int, _ phase: Phase) { clients.setBits(message &* 16, 3, phase.rawValue) }

    func isActive(_ message: Int) -> Bool {
        let phase = clients.bits(message &* 16, 3)
        return phase == 1 || phase == 2
    }

    func retries(_ message: Int) -> Int { clients.bits(message &* 16 &+ 3, 2) }

    mutating func setRetries(_ message: Int, _ count: Int) { clients.setBits(message &* 16 &+ 3, 2, count) }

    /// When the client last spoke of it, or when it came to its end.
    func time(_ message: Int) -> Int { clients.bits(message &* 16 &+ 5, 6) }

    mutating func setTime(_ message: Int, _ time: Int) { clients.setBits(message &* 16 &+ 5, 6, time) }

    /// 1 once it was begun anew under another message id.
    func attempt(_ message: Int) -> Int { clients.bits(message &* 16 &+ 11, 1) }

    mutating func setAttempt(_ message: Int, _ attempt: Int) { clients.setBits(message &* 16 &+ 11, 1, attempt) }

    /// How often the broker has taken it for its subscribers.
    func deliveries(_ message: Int) -> Int { clients.bits(message &* 16 &+ 12, 2) }

    mutating func deliver(_ message: Int) {
        clients.setBits(message &* 16 &+ 12, 2, min(3, deliveries(message) &+ 1))
    }

    /// Whether the client was told that nobody can say whether the message was delivered.
    func isInDoubt(_ message: Int) -> Bool { clients.bits(message &* 16 &+ 14, 1) == 1 }

    mutating func doubt(_ message: Int) { clients.setBits(message &* 16 &+ 14, 1, 1) }

    /// Whether it went to the broker under another number than its message id.
    func hasOtherNumber(_ message: Int) -> Bool { clients.bits(message &* 16 &+ 15, 1) == 1 }

    mutating func noteOtherNumber(_ message: Int) { clients.setBits(message &* 16 &+ 15, 1, 1) }
}

// MARK: Datagrams

/// What the gateway says to the client.
enum ModelAnswer: Int {
    case acknowledged, received, completed, refused
}

extension ModelState {
    /// A bag holds two of a datagram at the most; a third would do nothing that the second does not.
    private static func added(_ bag: UInt, _ position: Int, _ count: Int) -> UInt {
        var bag = bag
        bag.setBits(position, 2, min(2, bag.bits(position, 2) &+ count))
        return bag
    }

    static func publishPosition(_ message: Int, _ attempt: Int, _ duplicate: Int) -> Int {
        ((message &* 2 &+ attempt) &* 2 &+ duplicate) &* 2
    }

    static func releasePosition(_ id: Int) -> Int { 32 &+ id &* 2 }

    static func answerPosition(_ answer: Int, _ id: Int) -> Int { (answer &* 8 &+ id) &* 2 }

    mutating func addUp(_ position: Int, _ copies: Int) { up = Self.added(up, position, copies) }

    mutating func takeUp(_ position: Int) { up.setBits(position, 2, up.bits(position, 2) &- 1) }

    mutating func addDown(_ position: Int, _ copies: Int) { down = Self.added(down, position, copies) }

    mutating func takeDown(_ position: Int) { down.setBits(position, 2, down.bits(position, 2) &- 1) }

    /// Positions of PUBLISH with DUP 0 in the bag.
    static let withoutDUP: UInt = 0x3333_3333
    /// Positions of PUBLISH in the bag.
    static let publishes: UInt = 0xFFFF_FFFF
}

// MARK: Packets

/// A packet on one of the broker's streams, in eight bits: its kind (not 0), the identifier, and the message.
struct ModelPacket {
    /// To the broker: 1 PUBLISH, 2 PUBREL. From it: 1 PUBACK, 2 PUBREC, 3 PUBCOMP.
    var kind: Int
    var packetID: Int
    var message = 0

    var bits: UInt { UInt(bitPattern: kind | packetID &<< 2 | message &<< 6) }

    init(_ kind: Int, _ packetID: Int, _ message: Int = 0) {
        (self.kind, self.packetID, self.message) = (kind, packetID, message)
    }

    init(bits: UInt) { self.init(bits.bits(0, 2), bits.bits(2, 4), bits.bits(6, 2)) }

    static func append(_ packet: ModelPacket, to stream: inout UInt) {
        var position: UInt = 0
        while stream &>> position != 0 {
            position &+= 8
            precondition(position < 64, "more packets are under way than a state has room for")
        }
        stream |= packet.bits &<< position
    }

    static func takeFirst(of stream: inout UInt) -> ModelPacket {
        let packet = ModelPacket(bits: stream & 0xFF)
        stream = stream &>> 8
        return packet
    }
}

// MARK: Gateway and broker

extension ModelState {
    var table: Int {
        get { gateway.bits(0, 32) }
        set { gateway.setBits(0, 32, newValue) }
    }
    /// Packet identifiers of QoS 2 messages that the broker holds, one bit each.
    var held: Int {
        get { gateway.bits(32, 16) }
        set { gateway.setBits(32, 16, newValue) }
    }
    /// In Tretry.
    var clock: Int {
        get { gateway.bits(48, 6) }
        set { gateway.setBits(48, 6, newValue) }
    }
    var isLinked: Bool {
        get { gateway.bits(54, 1) == 1 }
        set { gateway.setBits(54, 1, newValue ? 1 : 0) }
    }
    var isAsleep: Bool {
        get { gateway.bits(55, 1) == 1 }
        set { gateway.setBits(55, 1, newValue ? 1 : 0) }
    }
    /// Whether the connection takes no message just now.
    var isFull: Bool {
        get { gateway.bits(56, 1) == 1 }
        set { gateway.setBits(56, 1, newValue ? 1 : 0) }
    }

    /// When the client last said CONNECT.
    var connectedAt: Int {
        get { gateway.bits(57, 6) }
        set { gateway.setBits(57, 6, newValue) }
    }

    /// What is counted in `spent`.
    enum Count: Int {
        case cuts = 8
        case waits, ticks
    }

    func spent(_ count: Count) -> Int { spent.bits(count.rawValue &* 4, 4) }

    mutating func spend(_ count: Count) { spent &+= 1 &<< UInt(bitPattern: count.rawValue &* 4) }

    func has(_ happening: UplinkScope.Happening) -> Bool { spent.bits(happening.rawValue &* 4, 4) > 0 }

    mutating func note(_ happening: UplinkScope.Happening) { spent.setBits(happening.rawValue &* 4, 4, 1) }
}
