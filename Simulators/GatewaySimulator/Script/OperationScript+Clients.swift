// What a script's clients say, made octet by octet so that it may be wrong.

import Bytes
import GatewayCore
import MQTTSN

extension OperationScript {
    private static let clientIDs = ["c1", "c2", "c3", "c4", "c5", "c0", "", "toolong"]
    private static let names = [
        "a/b", "a/c", "ab", "x", "y", "z", "w", "a/#", "+/c", "#", "too/long/name", "a/#/b", "", "c1/1", "pre/1", "\0",
    ]
    private static let shortNames = ["ab", "a+", "xy", "#a"]
    private static let seconds: [UInt16] = [0, 1, 2, 10, 60, 61, 100, 600, 65_535]

    /// One of six addresses, of which the last is a forwarder's.
    mutating func address() -> Int { Int(input.next() & 0b111) % 6 }

    mutating func clientSpeaks(_ type: MessageType, isRepeated: Bool) {
        let sender = input.next()
        let datagram = Self.wrapped(message(type), sender: sender)
        for _ in 0..<(isRepeated ? 2 : 1) { send(datagram, from: Int(sender & 0b111) % 6) }
    }

    mutating func clientSendsOctets() {
        let address = address()
        send(input.raw(Int(input.next() & 0x3F)), from: address)
    }

    private mutating func send(_ datagram: [UInt8], from address: Int) {
        tell(.datagramReceived(from: peer(at: address), mayForward: address == 5), datagram)
    }

    /// The datagram as it is, or from one of two nodes behind a forwarder.
    private static func wrapped(_ datagram: [UInt8], sender: UInt8) -> [UInt8] {
        switch sender >> 3 & 0b11 {
        case 0b01: [4, MessageType.encapsulated.rawValue, 0, 1] + datagram
        case 0b10: [5, MessageType.encapsulated.rawValue, 3, 2, 3] + datagram
        default: datagram
        }
    }

    private static func datagram(_ type: MessageType, _ body: [UInt8]) -> [UInt8] {
        let count = body.count + 2
        guard count > 255 else { return [UInt8(count), type.rawValue] + body }
        var datagram: [UInt8] = [0x01]
        datagram.append(bigEndian: UInt16(count + 2))
        datagram.append(type.rawValue)
        return datagram + body
    }

    // MARK: Messages

    private mutating func message(_ type: MessageType) -> [UInt8] {
        var body: [UInt8] = []
        switch type {
        case .connect:
            body.append(input.next())
            let protocolID = input.next()
            body.append(protocolID < 0xF0 ? 1 : protocolID)
            body.append(bigEndian: input.pick(Self.seconds))
            body += input.word(of: Self.clientIDs)
        case .willTopic, .willTopicUpdate:
            let flags = input.next()
            let name = input.word(of: Self.names)
            if !name.isEmpty { body = [flags] + name }
        case .willMessage, .willMessageUpdate: body = input.payload()
        case .register:
            body.append(bigEndian: input.number())
            body.append(bigEndian: input.number())
            body += input.word(of: Self.names)
        case .publish: body = publishBody()
        case .subscribe, .unsubscribe: body = subscribeBody()
        case .registerAcknowledgement, .publishAcknowledgement:
            body.append(bigEndian: input.number())
            body.append(bigEndian: input.number())
            body.append(input.next())
        case .publishComplete, .publishReceived, .publishRelease: body.append(bigEndian: input.number())
        case .pingRequest:
            if input.next() & 1 == 1 { body = input.word(of: Self.clientIDs) }
        case .disconnect:
            if input.next() & 1 == 1 { body.append(bigEndian: input.pick(Self.seconds)) }
        case .advertise:
            body.append(input.next())
            body.append(bigEndian: input.pick(Self.seconds))
        case .searchGateway, .gatewayInfo: body.append(input.next())
        case .connectAcknowledgement, .willTopicRequest, .willMessageRequest, .subscribeAcknowledgement,
            .unsubscribeAcknowledgement, .pingResponse, .willTopicResponse, .willMessageResponse, .encapsulated:
            body = input.raw(Int(input.next() & 0b111))
        }
        return Self.datagram(type, body)
    }

    private mutating func publishBody() -> [UInt8] {
        let flags = input.next()
        var body = [flags]
        if flags & 0b11 == 2 {
            body += Array(input.pick(Self.shortNames).utf8)
        } else {
            body.append(bigEndian: input.number())
        }
        body.append(bigEndian: input.number())
        return body + input.payload()
    }

    private mutating func subscribeBody() -> [UInt8] {
        let flags = input.next()
        var body = [flags]
        body.append(bigEndian: input.number())
        switch flags & 0b11 {
        case 1: body.append(bigEndian: input.number())
        case 2: body += Array(input.pick(Self.shortNames).utf8)
        default: body += input.word(of: Self.names)
        }
        return body
    }

    // MARK: Answers

    /// Answers the oldest thing that was said to a client; `code` is a return code, and below 0xD0 means accepted.
    mutating func clientAnswers(code: UInt8) {
        guard !toClients.isEmpty else { return }
        let (address, bytes) = toClients.removeFirst()
        guard let answer = Self.answer(to: bytes, code: code < 0xD0 ? 0 : code & 0b111) else { return }
        send(answer, from: address)
    }

    private static func answer(to bytes: [UInt8], code: UInt8) -> [UInt8]? {
        let span = bytes.span
        guard let message = try? Message.decode(span.bytes) else { return nil }
        switch message {
        case .willTopicRequest: return datagram(.willTopic, [0x20, UInt8(ascii: "w")])
        case .willMessageRequest: return datagram(.willMessage, Array("gone".utf8))
        case .register: return datagram(.registerAcknowledgement, Array(bytes[2..<6]) + [code])
        case .publish(let publish): return answer(to: publish, code: code)
        case .publishRelease: return datagram(.publishComplete, Array(bytes[2..<4]))
        case .publishReceived: return datagram(.publishRelease, Array(bytes[2..<4]))
        case .pingRequest: return datagram(.pingResponse, [])
        case .encapsulated(let encapsulated):
            return answer(to: Array(bytes[encapsulated.inner]), code: code).map {
                Array(bytes[..<encapsulated.inner.lowerBound]) + $0
            }
        case .advertise, .searchGateway, .gatewayInfo, .connect, .connectAcknowledgement, .willTopic, .willMessage,
            .registerAcknowledgement, .publishAcknowledgement, .publishComplete, .subscribe, .subscribeAcknowledgement,
            .unsubscribe, .unsubscribeAcknowledgement, .pingResponse, .disconnect, .willTopicUpdate,
            .willTopicResponse, .willMessageUpdate, .willMessageResponse:
            return nil
        }
    }

    private static func answer(to publish: Publish, code: UInt8) -> [UInt8]? {
        var body: [UInt8] = []
        switch publish.flags.qos {
        case .exactlyOnce where code == 0:
            body.append(bigEndian: publish.messageID)
            return datagram(.publishReceived, body)
        case .atLeastOnce, .exactlyOnce:
            body.append(bigEndian: publish.topicID)
            body.append(bigEndian: publish.messageID)
            return datagram(.publishAcknowledgement, body + [code])
        case .atMostOnce, .minusOne: return nil
        }
    }
}
