import MQTTSN
import SensorClient
import Testing
import Time

/// Whatever a gateway, or somebody in its place, sends: the client goes on or ends, and holds no more than it may.
@Suite struct RandomGatewayTests {
    /// SplitMix64, so that a failure comes again.
    private struct Chance: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }

    /// A datagram that is a message more often than not: a known type, a Length that fits, small numbers.
    private static func datagram(_ chance: inout Chance, nodeID: [UInt8]?) -> [UInt8] {
        let types: [UInt8] = [
            0x05, 0x06, 0x08, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F, 0x10, 0x13, 0x16, 0x17, 0x18, 0x00, 0x02, 0xFE,
        ]
        let body = (0..<Int.random(in: 0...9, using: &chance)).map { _ in
            UInt8.random(in: 0...(Bool.random(using: &chance) ? 3 : 255), using: &chance)
        }
        let type = types.randomElement(using: &chance) ?? 0
        var message = [UInt8(body.count + 2), type] + body
        if Int.random(in: 0..<10, using: &chance) == 0 { message[0] = UInt8.random(in: 0...255, using: &chance) }
        guard let nodeID, Bool.random(using: &chance) else { return message }
        return [UInt8(3 + nodeID.count), 0xFE, 0] + nodeID + message
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>) func nothingBreaksTheClient(seed: UInt64) {
        var chance = Chance(state: seed)
        let nodeID: [UInt8]? = seed % 4 == 0 ? [1, 2] : nil
        var dialogue = Dialogue {
            $0.nodeID = nodeID
            $0.usesLongLength = seed % 3 == 0
            $0.sleepSeconds = seed % 2 == 0 ? 5 : nil
            $0.will = seed % 5 == 0 ? .init(topic: [97], message: [], qos: .exactlyOnce, retain: false) : nil
        }
        dialogue.client.connect(at: dialogue.now)
        dialogue.subscribe(to: name("a/+"), .exactlyOnce)
        for step in 0..<2_000 where !dialogue.client.hasEnded {
            switch Int.random(in: 0..<20, using: &chance) {
            case 0: dialogue.publish("x", to: name("t\(step % 7)"), .exactlyOnce)
            case 1: dialogue.publish("x", to: .predefined(5), .atLeastOnce)
            case 2: if let deadline = dialogue.client.deadline { dialogue.now = max(dialogue.now, deadline) }
            default: dialogue.hear(Self.datagram(&chance, nodeID: nodeID))
            }
            dialogue.client.timePassed(at: dialogue.now)
            // One answer to a datagram, and what comes next.
            #expect(dialogue.sent().count <= 4)
            #expect(dialogue.events().count <= 4)
        }
        dialogue.client.finish(at: dialogue.now)
        for _ in 0..<200 where !dialogue.client.hasEnded {
            guard let deadline = dialogue.client.deadline else { break }
            dialogue.now = deadline
            dialogue.client.timePassed(at: deadline)
        }
        #expect(dialogue.client.hasEnded)
    }
}
