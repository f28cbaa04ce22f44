import MQTTSN
import Testing

@testable import GatewayCore

/// Which numbers of an inherited session are released before they are used (AMB-23).
@Suite struct InheritedNumbersTests {
    private func message(
        _ id: MessageID, isExactlyOnce: Bool = true, isDuplicate: Bool = false
    ) -> UplinkMessage {
        UplinkMessage(
            messageID: id, topicID: 1, isExactlyOnce: isExactlyOnce, isDuplicate: isDuplicate,
            digest: MessageDigest(rawValue: 1))
    }

    /// Whether the number is released when a new message begins under it.
    private func isReleased(_ id: MessageID, _ inheritance: inout Inheritance) -> Bool {
        let isReleased = inheritance.mayHold(BrokerToken(packetID: id), before: message(id), isJustBack: true)
        #expect(inheritance.checkInvariants() == nil)
        return isReleased
    }

    @Test("AMB-23 Each number is released once, in whatever order they come")
    func once() {
        // Up, down, from both sides of a gap, and at both ends of the numbers.
        let orders: [[MessageID]] = [
            Array(1...40), Array((1...40).reversed()), [1, 3, 2, 5, 4, 7, 6], [1, 65_535, 65_534, 2, 65_533],
        ]
        for order in orders {
            var inheritance = Inheritance(isThere: true)
            for id in order { #expect(isReleased(id, &inheritance), "\(id) of \(order), the first time") }
            for id in order { #expect(!isReleased(id, &inheritance), "\(id) of \(order), the second time") }
        }
    }

    @Test("AMB-23 More numbers apart from each other than can be remembered are released again, and none is left out")
    func bound() {
        var inheritance = Inheritance(isThere: true)
        let ids = (1...40).map { MessageID($0 * 10) }
        for id in ids { #expect(isReleased(id, &inheritance)) }
        let remembered = ids.filter { !isReleased($0, &inheritance) }
        #expect(remembered == Array(ids.prefix(16)))
        // Beside one that is remembered there is room.
        #expect(isReleased(11, &inheritance) && !isReleased(11, &inheritance))
        // A number that closes a gap makes room for another one.
        for id in 12...19 as ClosedRange<MessageID> { #expect(isReleased(id, &inheritance)) }
        #expect(isReleased(1_000, &inheritance) && !isReleased(1_000, &inheritance))
        for id in 10...20 as ClosedRange<MessageID> { #expect(!isReleased(id, &inheritance)) }
    }

    @Test("AMB-23 A repetition under its own number is not released, and the number is known from then on")
    func repetition() {
        var inheritance = Inheritance(isThere: true)
        let repeated = inheritance.mayHold(
            BrokerToken(packetID: 7), before: message(7, isDuplicate: true), isJustBack: true)
        #expect(!repeated && !isReleased(7, &inheritance))
    }

    @Test("AMB-23 A repetition long after the CONNECT is of a message that the broker cannot have")
    func lateRepetition() {
        var inheritance = Inheritance(isThere: true)
        let late = inheritance.mayHold(
            BrokerToken(packetID: 7), before: message(7, isDuplicate: true), isJustBack: false)
        #expect(late && !isReleased(7, &inheritance))
    }

    @Test("AMB-23 QoS 1 neither releases a number nor makes it known")
    func atLeastOnce() {
        var inheritance = Inheritance(isThere: true)
        let isHeld = inheritance.mayHold(
            BrokerToken(packetID: 7), before: message(7, isExactlyOnce: false), isJustBack: true)
        #expect(!isHeld && isReleased(7, &inheritance))
    }

    @Test("AMB-23 Where nothing is inherited nothing is released")
    func nothing() {
        var inheritance = Inheritance()
        #expect(!isReleased(7, &inheritance))
    }
}
