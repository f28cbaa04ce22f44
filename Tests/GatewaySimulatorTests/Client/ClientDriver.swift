import Bytes
import GatewayCore
import GatewaySimulator
import MQTTSN
import Testing
import Time

/// A client under test: the driver is its application, its gateway and its clock.
final class ClientDriver {
    private(set) var client: SimulatedClient
    private var effects = ClientEffects()
    private var now = Instant(nanoseconds: 1_000_000_000)
    private var sent: [String] = []
    private var observed: [ClientObservation] = []

    /// Tretry is 10 s and Nretry 3, unless `configure` says otherwise.
    init(_ configure: (inout SimulatedClientConfiguration) -> Void = { _ in }) {
        var configuration = SimulatedClientConfiguration(clientID: Array("sensor".utf8))
        configure(&configuration)
        client = SimulatedClient(configuration: configuration)
    }

    // MARK: The application

    func commands(_ command: ClientCommand) { handle(.commanded(command), []) }

    /// Connects and forgets what was said and observed about it.
    func connects(clean: Bool = true, keepAlive: UInt16 = 0) {
        var options = ClientConnectOptions()
        options.cleanSession = clean
        options.keepAliveSeconds = keepAlive
        commands(.connect(options))
        receives(.connectAcknowledgement(.accepted))
        #expect(client.state == .active)
        sent = sent.filter { !$0.hasPrefix("CONNECT") }
        observed = observed.filter { $0 != .connected }
    }

    func publishes(
        _ number: Int, _ payload: String, on topic: ClientTopic = .name(Array("t".utf8)), _ qos: QualityOfService
    ) {
        commands(.publish(ClientPublication(number: number, topic: topic, payload: Array(payload.utf8), qos: qos)))
    }

    /// Has `t` registered under topic id 5, at the price of one QoS 0 message.
    func registersTopic() {
        publishes(0, "x", .atMostOnce)
        receives(.registerAcknowledgement(.init(topicID: 5, messageID: 1, returnCode: .accepted)))
        (sent, observed) = ([], [])
    }

    // MARK: The gateway

    /// The gateway sends a message whose variable part, if it has one, is all of `text`.
    func receives(_ message: Message, _ text: String = "") {
        var datagram: [UInt8] = []
        datagram.appendMessage(message, from: Array(text.utf8).span.bytes)
        handle(.datagramReceived, datagram)
    }

    func receives(octets: [UInt8]) { handle(.datagramReceived, octets) }

    /// The gateway publishes to the client on a normal topic id.
    func receivesPublish(
        _ qos: QualityOfService, topicID: TopicID, messageID: MessageID = 0, _ payload: String, duplicate: Bool = false
    ) {
        let flags = Flags(duplicate: duplicate, qos: qos)
        receives(
            .publish(
                Publish(flags: flags, topicID: topicID, messageID: messageID, data: 0..<payload.utf8.count)), payload)
    }

    func acknowledges(_ messageID: MessageID, topicID: TopicID = 5, _ code: ReturnCode = .accepted) {
        receives(
            .publishAcknowledgement(
                PublishAcknowledgement(topicID: topicID, messageID: messageID, returnCode: code)))
    }

    // MARK: What the client did since the last look

    func sends(_ expected: String..., at location: SourceLocation = #_sourceLocation) {
        #expect(sent == expected, sourceLocation: location)
        sent = []
    }

    func observes(_ expected: ClientObservation..., at location: SourceLocation = #_sourceLocation) {
        #expect(observed == expected, sourceLocation: location)
        observed = []
    }

    /// Takes what was observed since the last look.
    func takeObserved() -> [ClientObservation] {
        defer { observed = [] }
        return observed
    }

    // MARK: Time

    /// Lets time pass; the client is woken whenever it asked for it.
    func passes(seconds: Int) {
        let end = now + .seconds(seconds)
        while let deadline = client.nextDeadline, deadline <= end {
            now = max(now, deadline)
            handle(.deadlineReached, [])
            if let next = client.nextDeadline, next <= now {
                Issue.record("the client asks for a time that has passed")
                return
            }
        }
        now = end
    }

    private func handle(_ event: ClientEvent, _ bytes: [UInt8]) {
        client.handle(event, bytes.span.bytes, at: now, into: &effects)
        for effect in effects.list {
            switch effect {
            case .send(let range): sent.append(MessageText.of(Array(effects.bytes[range])))
            case .observe(let observation): observed.append(observation)
            }
        }
        effects.removeAll()
    }
}

/// Messages as a line of text, for comparison.
enum MessageText {
    static func of(_ datagram: [UInt8]) -> String {
        guard let message = try? Message.decode(datagram.span.bytes) else { return "broken \(datagram)" }
        func text(_ range: ByteRange) -> String { String(decoding: datagram[range], as: UTF8.self) }
        let words: [String] =
            switch message {
            case .connect(let connect):
                [
                    text(connect.clientID), connect.flags.cleanSession ? "clean" : "", connect.flags.will ? "will" : "",
                    "\(connect.duration) s",
                ]
            case .willTopic(let will):
                will.topic.isEmpty
                    ? [] : [level(will.flags), will.flags.retain ? "retain" : "", text(will.topic)]
            case .willMessage(let payload): [text(payload)]
            case .register(let register): ["#\(register.messageID)", "\(register.topicID)", text(register.topicName)]
            case .registerAcknowledgement(let answer):
                ["#\(answer.messageID)", "\(answer.topicID)", "code \(answer.returnCode.rawValue)"]
            case .publish(let publish):
                [
                    publish.flags.duplicate ? "dup" : "", level(publish.flags), publish.flags.retain ? "retain" : "",
                    "#\(publish.messageID)", "\(publish.flags.topicIDType)", "\(publish.topicID)", text(publish.data),
                ]
            case .publishAcknowledgement(let answer):
                ["#\(answer.messageID)", "\(answer.topicID)", "code \(answer.returnCode.rawValue)"]
            case .publishReceived(let id), .publishRelease(let id), .publishComplete(let id): ["#\(id)"]
            case .subscribe(let subscribe):
                [
                    subscribe.flags.duplicate ? "dup" : "", level(subscribe.flags), "#\(subscribe.messageID)",
                    "\(subscribe.flags.topicIDType)", topic(datagram, subscribe.flags, subscribe.topic),
                ]
            case .unsubscribe(let unsubscribe):
                [
                    "#\(unsubscribe.messageID)", "\(unsubscribe.flags.topicIDType)",
                    topic(datagram, unsubscribe.flags, unsubscribe.topic),
                ]
            case .disconnect(let duration): duration.map { ["\($0) s"] } ?? []
            case .pingRequest(let clientID): [text(clientID)]
            case .advertise, .searchGateway, .gatewayInfo, .connectAcknowledgement, .willTopicRequest,
                .willMessageRequest, .subscribeAcknowledgement, .unsubscribeAcknowledgement, .pingResponse,
                .willTopicUpdate, .willTopicResponse, .willMessageUpdate, .willMessageResponse, .encapsulated:
                []
            }
        return ([message.type.specificationName] + words.filter { !$0.isEmpty }).joined(separator: " ")
    }

    private static func level(_ flags: Flags) -> String {
        "qos \(flags.qos == .minusOne ? -1 : Int(flags.qos.rawValue))"
    }

    private static func topic(_ datagram: [UInt8], _ flags: Flags, _ range: ByteRange) -> String {
        flags.topicIDType == .normal
            ? String(decoding: datagram[range], as: UTF8.self)
            : datagram[range].map { "\($0)" }.joined(separator: ".")
    }
}
