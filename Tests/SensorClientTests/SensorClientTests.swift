import MQTTSN
import SensorClient
import Testing
import Time

/// The client's procedures, message by message, against a gateway that the test plays.
@Suite struct SensorClientTests {
    // MARK: Connecting

    /// MQTT-SN 1.2 §5.4.4: flags, protocol 1, Duration and ClientId; a plain DISCONNECT at the end, §6.12.
    @Test func connectsAndLeaves() throws {
        var dialogue = Dialogue()
        dialogue.client.connect(at: dialogue.now)
        #expect(try dialogue.one() == [11, 0x04, 0x04, 0x01, 0, 60] + Array("probe".utf8))
        dialogue.hear([3, 0x05, 0])
        dialogue.client.finish(at: dialogue.now)
        #expect(try dialogue.one() == [2, 0x18])
        dialogue.hear([2, 0x18])
        #expect(dialogue.events() == [.connected, .ended])
        #expect(dialogue.client.hasEnded)
    }

    /// §6.3: WILLTOPICREQ, WILLTOPIC with QoS and Retain, WILLMSGREQ, WILLMSG, and only then CONNACK.
    @Test func bringsItsWill() throws {
        var dialogue = Dialogue {
            $0.cleanSession = false
            $0.will = .init(topic: Array("w".utf8), message: [0, 255], qos: .atLeastOnce, retain: true)
        }
        dialogue.client.connect(at: dialogue.now)
        #expect(try dialogue.one()[2] == 0x08)
        dialogue.hear([2, 0x06])
        #expect(try dialogue.one() == [4, 0x07, 0x30, UInt8(ascii: "w")])
        dialogue.hear([2, 0x08])
        #expect(try dialogue.one() == [4, 0x09, 0, 255])
        // The question comes again when the answer was lost.
        dialogue.hear([2, 0x08])
        #expect(try dialogue.one() == [4, 0x09, 0, 255])
        dialogue.hear([3, 0x05, 0])
        #expect(dialogue.events() == [.connected])
    }

    @Test(arguments: [1, 2, 3, 0x80] as [UInt8]) func aRefusalEndsIt(code: UInt8) throws {
        var dialogue = Dialogue()
        dialogue.client.connect(at: dialogue.now)
        dialogue.hear([3, 0x05, code])
        #expect(dialogue.events() == [.failed(.refused(.connect, ReturnCode(rawValue: code)))])
    }

    /// §6.13: Nretry repetitions, Tretry apart, of the same message.
    @Test func repeatsAndGivesUp() throws {
        var dialogue = Dialogue { $0.retryCount = 2 }
        let began = dialogue.now
        dialogue.client.connect(at: dialogue.now)
        let connect = try dialogue.one()
        for _ in 0..<2 {
            try dialogue.wait()
            #expect(try dialogue.one() == connect)
        }
        try dialogue.wait()
        #expect(dialogue.sent().isEmpty)
        #expect(dialogue.events() == [.repeated(.connect), .repeated(.connect), .failed(.noAnswer(.connect))])
        #expect(dialogue.now.since(began) == .seconds(9))
    }

    /// What is no MQTT-SN is told with its first octets, and changes nothing.
    @Test(
        arguments: [[], [0], [5, 5, 0], Array("HTTP/1.1 400 Bad Request".utf8), [2, 0xFF], [3, 0xFE, 0]] as [[UInt8]])
    func nonsenseIsTold(datagram: [UInt8]) throws {
        var dialogue = Dialogue()
        dialogue.client.connect(at: dialogue.now)
        dialogue.hear(datagram)
        #expect(dialogue.events() == [.nonsense(first: Array(datagram.prefix(16)))])
        dialogue.hear([3, 0x05, 0])
        #expect(dialogue.events() == [.connected])
    }

    // MARK: Publishing

    /// §6.5, §6.6: the name is registered once; the exchange ends with PUBACK.
    @Test func registersOnceAndPublishes() throws {
        var dialogue = try Dialogue.connected()
        dialogue.publish("1", to: name("t"), .atLeastOnce)
        dialogue.publish("2", to: name("t"), .atMostOnce)
        #expect(try dialogue.one() == [7, 0x0A, 0, 0, 0, 1, UInt8(ascii: "t")])
        dialogue.hear([7, 0x0B, 0, 9, 0, 1, 0])
        #expect(try dialogue.one() == [8, 0x0C, 0x20, 0, 9, 0, 2, UInt8(ascii: "1")])
        // Another message's PUBACK is not meant.
        dialogue.hear([7, 0x0D, 0, 9, 0, 7, 0])
        #expect(dialogue.events().isEmpty)
        dialogue.hear([7, 0x0D, 0, 9, 0, 2, 0])
        #expect(try dialogue.one() == [8, 0x0C, 0x00, 0, 9, 0, 0, UInt8(ascii: "2")])
        #expect(dialogue.events() == [.published, .published])
        #expect(dialogue.client.isIdle)
    }

    /// §5.4.12: DUP marks the copy, in both forms of Length.
    @Test(arguments: [false, true]) func aLostPublishIsRepeatedWithDUP(isLong: Bool) throws {
        var dialogue = try Dialogue.connected { $0.usesLongLength = false }
        let data = String(repeating: "x", count: isLong ? 300 : 1)
        dialogue.publish(data, to: .predefined(5), .atLeastOnce)
        let flags = isLong ? 4 : 2
        let first = try dialogue.one()
        #expect(first[flags] == 0x21)
        try dialogue.wait()
        let second = try dialogue.one()
        #expect(second[flags] == 0xA1)
        #expect(first.dropFirst(flags + 1) == second.dropFirst(flags + 1))
    }

    /// PUBLISH, PUBREC, PUBREL, PUBCOMP; a repeated PUBREC gets its PUBREL again.
    @Test func exactlyOnce() throws {
        var dialogue = try Dialogue.connected()
        dialogue.publish("x", to: .predefined(5), .exactlyOnce)
        #expect(try dialogue.one() == [8, 0x0C, 0x41, 0, 5, 0, 1, UInt8(ascii: "x")])
        dialogue.hear([4, 0x0F, 0, 1])
        #expect(try dialogue.one() == [4, 0x10, 0, 1])
        dialogue.hear([4, 0x0F, 0, 1])
        #expect(try dialogue.one() == [4, 0x10, 0, 1])
        try dialogue.wait()
        #expect(try dialogue.one() == [4, 0x10, 0, 1])
        dialogue.hear([4, 0x0E, 0, 1])
        #expect(dialogue.events() == [.repeated(.release), .published])
    }

    /// §6.6: an id that the gateway has forgotten is registered again, once.
    @Test func aForgottenIDIsRegisteredAgain() throws {
        var dialogue = try Dialogue.connected()
        dialogue.publish("x", to: name("t"), .atLeastOnce)
        _ = dialogue.sent()
        dialogue.hear([7, 0x0B, 0, 9, 0, 1, 0])
        _ = dialogue.sent()
        dialogue.hear([7, 0x0D, 0, 9, 0, 2, 2])
        #expect(try dialogue.one() == [7, 0x0A, 0, 0, 0, 3, UInt8(ascii: "t")])
        dialogue.hear([7, 0x0B, 0, 10, 0, 3, 0])
        #expect(try dialogue.one() == [8, 0x0C, 0x20, 0, 10, 0, 4, UInt8(ascii: "x")])
        dialogue.hear([7, 0x0D, 0, 10, 0, 4, 2])
        #expect(dialogue.events() == [.failed(.refused(.publish, .invalidTopicID))])
    }

    /// QoS −1 needs no connection and gets none (§6.8).
    @Test func withoutAConnection() throws {
        var dialogue = Dialogue()
        dialogue.publish("x", to: .predefined(5), .minusOne)
        dialogue.publish("y", to: .shortName(0x6162), .minusOne)
        dialogue.client.finish(at: dialogue.now)
        #expect(
            dialogue.sent() == [
                [8, 0x0C, 0x61, 0, 5, 0, 0, UInt8(ascii: "x")], [8, 0x0C, 0x62, 0x61, 0x62, 0, 0, UInt8(ascii: "y")],
            ])
        #expect(dialogue.events() == [.published, .published, .ended])
    }

    @Test func aMessageThatNoDatagramHoldsIsRefused() throws {
        var dialogue = try Dialogue.connected()
        dialogue.publish(String(repeating: "x", count: 65_500), to: .predefined(5), .atMostOnce)
        #expect(dialogue.sent().isEmpty)
        #expect(dialogue.events() == [.failed(.tooLong)])
    }

    // MARK: Envelopes

    /// §5.2.1: three octets of Length everywhere; §5.5: the header of the forwarder, whose Length stops before the message.
    @Test func bothFormsOfLengthAndAForwarder() throws {
        var dialogue = Dialogue {
            $0.usesLongLength = true
            $0.nodeID = [0xAA, 0xBB]
        }
        dialogue.client.connect(at: dialogue.now)
        #expect(
            try dialogue.one() == [5, 0xFE, 0, 0xAA, 0xBB, 1, 0, 13, 0x04, 0x04, 0x01, 0, 60] + Array("probe".utf8))
        // Without the header, and for another node.
        dialogue.hear([3, 0x05, 0])
        dialogue.hear([5, 0xFE, 0, 0xAA, 0xBC, 3, 0x05, 0])
        #expect(dialogue.events().count == 2)
        dialogue.hear([5, 0xFE, 0, 0xAA, 0xBB, 1, 0, 5, 0x05, 0])
        #expect(dialogue.events() == [.connected])
    }
}
