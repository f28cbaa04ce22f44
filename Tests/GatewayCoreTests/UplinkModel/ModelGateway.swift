import MQTT
import MQTTSN
import Time

@testable import GatewayCore

/// The real tables of exchanges that a search comes across, each with a number, and what each step makes of them: a
/// step is taken once for each table, time and way to the broker, and then known.
final class ModelGateway {
    /// What is said to a table, as the search sees it.
    enum Fact {
        case publish(message: Int, attempt: Int, duplicate: Int)
        case release(id: Int)
        /// 1 PUBACK, 2 PUBREC, 3 PUBCOMP.
        case broker(kind: Int, packetID: Int)
    }

    /// What a step comes to: the next table, and what is to be said.
    struct Outcome {
        var bits: UInt

        var table: Int { bits.bits(0, 32) }
        /// 0 for none.
        var release: Int { bits.bits(32, 4) }
        /// 0 for none.
        var forward: Int { bits.bits(36, 4) }
        /// 0 for none; else 1 and the answer's number.
        var answer: Int { bits.bits(40, 3) }
        var answerID: Int { bits.bits(43, 3) }
        /// Other packet identifiers to be released, four bits each.
        var list: Int { bits.bits(46, 18) }
        var isSilent: Bool { bits.bits(32, 32) == 0 }
    }

    let scope: UplinkScope
    private(set) var tables = [Uplink()]
    private var numbers = [Uplink(): 0]
    private let known = WordTable()
    /// What was wrong by itself with a table or an outcome.
    private(set) var fault: String?
    private(set) var cells = Set<UplinkCell>()

    init(_ scope: UplinkScope) { self.scope = scope }

    func messageID(_ message: Int, _ attempt: Int) -> Int { Self.messageID(message, attempt, scope) }

    static func messageID(_ message: Int, _ attempt: Int, _ scope: UplinkScope) -> Int {
        message == 3 ? 7 : (message &+ attempt) % scope.ids &+ 1
    }

    // MARK: Steps

    func step(_ fact: Fact, in state: ModelState) -> Outcome {
        let (table, isOpen) = (state.table, state.isLinked)
        let takesMessages = isOpen && !state.isFull
        let way = (isOpen ? 1 : 0) &+ (takesMessages ? 2 : 0)
        let key = Self.key(fact, table, way, state)
        if let bits = known.value(key) { return Outcome(bits: bits) }
        var uplink = tables[table]
        var conditions = conditions(state)
        conditions.takesMessages = takesMessages
        let coreFact: UplinkFact
        switch fact {
        case .publish(let message, let attempt, let duplicate):
            let published = self.message(message, attempt, duplicate)
            conditions.token = token(for: published, uplink)
            coreFact = .published(published)
        case .release(let id):
            conditions.token = token(for: MessageID(id), uplink) ?? .none
            coreFact = .released(MessageID(id))
        case .broker(let kind, let packetID):
            let token = BrokerToken(packetID: PacketID(packetID))
            coreFact = kind == 1 ? .acknowledged(token) : kind == 2 ? .received(token) : .completed(token)
        }
        let outcome = uplink.step(coreFact, conditions)
        let packed = packed(outcome, uplink, conditions)
        known.insert(key, packed.bits)
        return packed
    }

    private static func key(_ fact: Fact, _ table: Int, _ way: Int, _ state: ModelState) -> UInt {
        let code: Int
        switch fact {
        case .publish(let message, let attempt, let duplicate):
            code = 1 | message &<< 3 | attempt &<< 5 | duplicate &<< 6
        case .release(let id): code = 2 | id &<< 3
        case .broker(let kind, let packetID): code = 3 | kind &<< 3 | packetID &<< 5
        }
        return UInt(bitPattern: code | way &<< 9 | state.clock &<< 11 | state.connectedAt &<< 17 | table &<< 23)
    }

    private func message(_ message: Int, _ attempt: Int, _ duplicate: Int) -> UplinkMessage {
        UplinkMessage(
            messageID: MessageID(messageID(message, attempt)), topicID: 1,
            isExactlyOnce: message == 3 || scope.qos[message] == 2, isDuplicate: duplicate == 1,
            digest: MessageDigest(rawValue: scope.isEqual && message != 3 ? 99 : UInt32(message) + 1))
    }

    /// The client's own number; where it is not free at QoS 1, the lowest free one of the gateway's.
    private func token(for message: UplinkMessage, _ uplink: Uplink) -> BrokerToken {
        if scope.mistake != .countsByItself {
            if let own = token(for: message.messageID, uplink) { return own }
            if message.isExactlyOnce { return .none }
        }
        for number in PacketID(8)...15 where !uplink.uses(BrokerToken(packetID: number)) {
            return BrokerToken(packetID: number)
        }
        return .none
    }

    private func token(for id: MessageID, _ uplink: Uplink) -> BrokerToken? {
        let own = BrokerToken(following: id)
        return uplink.uses(own) ? nil : own
    }

    private func conditions(_ state: ModelState) -> UplinkConditions {
        let interval = TimeSpan.seconds(10)
        var conditions = UplinkConditions(
            now: Instant(nanoseconds: 0) + interval * (state.clock + 1),
            connectedAt: Instant(nanoseconds: 0) + interval * (state.connectedAt + 1),
            patience: interval * scope.patience,
            retryInterval: interval, limit: scope.room, endedLimit: scope.endedRoom, isOpen: state.isLinked,
            takesMessages: state.isLinked)
        switch scope.mistake {
        case .losesPatience: conditions.patience = .seconds(0)
        case .takesCopiesForNew: conditions.retryInterval = .seconds(0)
        case .answersAtAnyTime: conditions.patience = interval * 60
        default: break
        }
        return conditions
    }

    private func packed(_ outcome: UplinkOutcome, _ uplink: Uplink, _ conditions: UplinkConditions) -> Outcome {
        if let cell = outcome.cell { cells.insert(cell) }
        var bits = UInt(bitPattern: number(uplink))
        bits.setBits(32, 4, Int(outcome.release.packetID))
        bits.setBits(36, 4, Int(outcome.forward.packetID))
        if let answer = outcome.answer {
            bits.setBits(40, 3, Int(Self.number(answer.kind)) + 1)
            bits.setBits(43, 3, Int(answer.messageID))
            if outcome.isTurnedAway { fault = fault ?? "a message is answered and turned away" }
        }
        if !conditions.isOpen, !outcome.release.isNone || !outcome.forward.isNone {
            fault = fault ?? "something goes to a broker that is not there"
        }
        if !conditions.takesMessages, !outcome.forward.isNone {
            fault = fault ?? "a message goes where there is no room"
        }
        return Outcome(bits: bits)
    }

    private static func number(_ kind: UplinkAnswer.Kind) -> Int {
        switch kind {
        case .acknowledged: ModelAnswer.acknowledged.rawValue
        case .received: ModelAnswer.received.rawValue
        case .completed: ModelAnswer.completed.rawValue
        case .refused, .rejected: ModelAnswer.refused.rawValue
        }
    }

    private func number(_ uplink: Uplink) -> Int {
        if let number = numbers[uplink] { return number }
        if let failure = uplink.checkInvariants() { fault = fault ?? failure }
        tables.append(uplink)
        numbers[uplink] = tables.count - 1
        return tables.count - 1
    }

    // MARK: What happens to the table as a whole

    private func change(
        _ kind: Int, _ state: ModelState, _ body: (inout Uplink, UplinkConditions) -> Int
    ) -> Outcome {
        let code = kind &<< 3 | (state.isLinked ? 1 : 0) &<< 9
        let time = kind == 6 ? state.clock &<< 11 | state.connectedAt &<< 17 : 0
        let key = UInt(bitPattern: code | time | state.table &<< 23)
        if let bits = known.value(key) { return Outcome(bits: bits) }
        var uplink = tables[state.table]
        let list = body(&uplink, conditions(state))
        var bits = UInt(bitPattern: number(uplink))
        bits.setBits(46, 18, list)
        known.insert(key, bits)
        return Outcome(bits: bits)
    }

    func cut(_ state: ModelState) -> Int {
        if scope.mistake == .forgetsWithTheConnection { return 0 }
        if scope.mistake == .overlooksTheCut { return state.table }
        return change(1, state) { uplink, _ in
            uplink.brokerConnectionEnded()
            return 0
        }.table
    }

    /// The packet identifiers in the list are to be released.
    func back(_ state: ModelState) -> Outcome {
        change(2, state) { uplink, _ in
            guard scope.mistake != .releasesOnce else { return 0 }
            var list = 0
            var position = 0
            while case let token = uplink.takeOwedRelease(), !token.isNone {
                precondition(position < 16, "more is to be released than a state has room for")
                list |= Int(token.packetID) << position
                position += 4
            }
            return list
        }
    }

    /// The message ids in the list (a bit each) have lost their message; bit 0 where the client is to be dismissed.
    func forget(_ state: ModelState) -> Outcome {
        change(3, state) { [self] uplink, _ in
            guard scope.mistake != .overlooksForgetting else { return 0 }
            let before = (1...7).filter { isOpen($0, uplink) }
            let isWhole = uplink.brokerHasForgotten()
            return before.reduce(isWhole ? 0 : 1) { isOpen($1, uplink) ? $0 : $0 | 1 << $1 }
        }
    }

    /// Whether the table has an exchange under this message id: the cell of a PUBREL tells.
    private func isOpen(_ id: Int, _ uplink: Uplink) -> Bool {
        var copy = uplink
        let column = copy.step(.released(MessageID(id)), conditions(ModelState())).cell?.column
        return column == .waiting || column == .told || column == .released
    }

    func reconnect(_ state: ModelState) -> Int {
        change(4, state) { uplink, _ in
            uplink.clientReconnected()
            return 0
        }.table
    }

    func fallAsleep(_ state: ModelState) -> Int {
        change(5, state) { uplink, _ in
            uplink.clientFellAsleep()
            return 0
        }.table
    }

    /// The packet identifier in the list is to be released.
    func makeRoom(_ state: ModelState) -> Outcome {
        change(6, state) { uplink, conditions in
            uplink.hasRoom(conditions) ? 0 : Int(uplink.makeRoom(conditions).packetID)
        }
    }
}
