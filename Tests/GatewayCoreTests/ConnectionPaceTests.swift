import GatewaySimulator
import MQTT
import MQTTSN
import Testing
import Time

@testable import GatewayCore

/// Thousands of clients that come back do not overrun the broker: their connections are made at a bounded pace.
@Suite struct ConnectionPaceTests {
    private func dialogue(_ change: (inout Limits) -> Void) -> Dialogue {
        Dialogue(
            .dialogue {
                $0.limits.brokerHandshakes = 1_000
                change(&$0.limits)
            })
    }

    /// The one that was asked for says who it is.
    private func begins(_ name: String, _ dialogue: Dialogue) -> TestUpstream {
        let stream = dialogue.opensStream()
        stream.opens()
        stream.receives(.connect(name))
        return stream
    }

    @Test("limits.broker_handshakes: who is beyond waits until a CONNACK comes, in the order in which they asked")
    func handshakes() {
        let dialogue = dialogue { $0.brokerHandshakes = 1 }
        let clients = ["a", "b", "c"].map { dialogue.client($0) }
        clients[0].sends(.connect("a"))
        let first = dialogue.opensStream()
        clients[1].sends(.connect("b"))
        dialogue.observes(exactly: .connectionQueued(.handshakes))
        clients[2].sends(.connect("c"))
        #expect(dialogue.census.queuedUpstreams == 2)
        #expect(dialogue.census.upstreamHandshakes == 1)
        first.opens()
        first.receives(.connect("a"))
        first.sends(.connectAcknowledgement())
        clients[0].receives(.connectAcknowledgement(.accepted))
        let second = begins("b", dialogue)
        // A refusal ends a handshake as well.
        second.sends(.connectAcknowledgement(.notAuthorized))
        clients[1].receives(.connectAcknowledgement(.notSupported))
        second.receives(.close)
        let third = begins("c", dialogue)
        third.closes()
        clients[2].receives(.connectAcknowledgement(.congestion))
        #expect(dialogue.census.queuedUpstreams == 0)
        #expect(dialogue.census.upstreamHandshakes == 0)
    }

    @Test("limits.broker_connects_per_second: in no second more begin, whatever the rate", arguments: [1, 3, 40, 500])
    func rate(perSecond: Int) throws {
        var crowd = Crowd(
            .dialogue {
                $0.limits.brokerConnectsPerSecond = perSecond
                $0.limits.setUps = 10_000
            })
        crowd.handle(.deadlineReached)
        let count = perSecond * 3
        for number in 0..<count { crowd.connects("client-\(number)", from: UInt32(number)) }
        crowd.passes(.seconds(10))
        // In the order in which they asked, the gateway's own before all.
        #expect(crowd.names == ["swiftlet-1"] + (0..<count).map { "client-\($0)" })
        for (index, instant) in crowd.begun.enumerated() {
            let others = crowd.begun[index...].prefix { $0.since(instant) < .seconds(1) }
            #expect(others.count <= perSecond)
        }
        // And not much slower than that either.
        let last = try #require(crowd.begun.last)
        #expect(last.since(crowd.begun[0]) <= .milliseconds(3_400))
    }

    @Test("Who waits for too long while it connects is told congestion before it gives up, and leaves the line")
    func tooLong() {
        let dialogue = Dialogue(
            .dialogue {
                $0.limits.brokerHandshakes = 1
                $0.upstream.restoreTimeout = .seconds(3)
            })
        let clients = [dialogue.client("a"), dialogue.client("b")]
        clients[0].sends(.connect("a"))
        _ = dialogue.opensStream()
        clients[1].sends(.connect("b"))
        dialogue.passes(.milliseconds(2_999))
        clients[1].receivesNothing()
        dialogue.passes(.milliseconds(1))
        clients[1].receives(.connectAcknowledgement(.congestion))
        dialogue.observes(exactly: .clientRefused(.congestion, because: .noTurn), of: "b")
        #expect(dialogue.census.queuedUpstreams == 0)
    }

    @Test("A lost connection comes back in its turn, and one that is left gives up its turn")
    func restoration() {
        let dialogue = dialogue { $0.brokerHandshakes = 1 }
        let (first, second, third) = (dialogue.client("a"), dialogue.client("b"), dialogue.client("c"))
        let streams = [first.connects(clean: false), second.connects(clean: false), third.connects(clean: false)]
        for stream in streams { stream.closes() }
        // All pauses are over within a second; the first of them is on its way, and gets no answer yet.
        dialogue.passes(.seconds(1))
        let restored = dialogue.opensStream()
        #expect(dialogue.census.queuedUpstreams == 2)
        for (index, client) in [first, second, third].enumerated() where streams[index].id.slot != restored.id.slot {
            client.sends(.disconnect())
            client.receives(.disconnect())
            break
        }
        #expect(dialogue.census.queuedUpstreams == 1)
        restored.closes(.refused)
        _ = dialogue.opensStream()
        #expect(dialogue.census.queuedUpstreams == 0)
    }

    @Test("A higher limit lets those who wait go on at once")
    func reload() {
        let dialogue = dialogue { $0.brokerHandshakes = 1 }
        dialogue.client("a").sends(.connect("a"))
        _ = dialogue.opensStream()
        dialogue.client("b").sends(.connect("b"))
        dialogue.decides { $0.limits.brokerHandshakes = 2 }
        _ = dialogue.opensStream()
        #expect(dialogue.census.queuedUpstreams == 0)
        #expect(dialogue.census.upstreamHandshakes == 2)
    }

    @Test("Pauses are drawn between the minimum and three times the last, up to the maximum, and are not alike")
    func decorrelatedJitter() {
        var random = RandomNumbers(seed: 5)
        var twin = RandomNumbers(seed: 5)
        let (minimum, maximum) = (TimeSpan.seconds(1), TimeSpan.seconds(60))
        var last: TimeSpan?
        var all: Set<UInt64> = []
        for _ in 0..<1_000 {
            let pause = random.pause(after: last, from: minimum, upTo: maximum)
            #expect(twin.pause(after: last, from: minimum, upTo: maximum) == pause)
            let most = last.map { min(maximum, max(minimum, $0 * 3)) } ?? minimum
            #expect(pause <= most)
            #expect(pause >= (last == nil ? .milliseconds(500) : minimum))
            all.insert(pause.nanoseconds / 1_000_000)
            last = pause
        }
        // They grow, and then spread over all of the range.
        #expect(all.count > 900)
        #expect(all.contains { $0 > 50_000 } && all.contains { $0 < 10_000 })
    }
}

/// Clients that come at once, and a broker that accepts all of them at once.
private struct Crowd: ~Copyable {
    private var gateway: Gateway
    private var effects = Effects()
    private var now = Instant(nanoseconds: 5_000_000_000)
    /// When each stream was asked for, and whose it was.
    private(set) var begun: [Instant] = []
    private(set) var names: [String] = []

    init(_ configuration: GatewayConfiguration) { gateway = Gateway(configuration: configuration, seed: 1) }

    mutating func connects(_ name: String, from number: UInt32) {
        handle(.datagramReceived(from: PeerID(link: LinkID(0), number: number)), SNMessage.connect(name).bytes)
    }

    mutating func passes(_ span: TimeSpan) {
        let end = now + span
        while let deadline = gateway.nextDeadline, deadline <= end {
            now = max(now, deadline)
            handle(.deadlineReached)
        }
        now = end
    }

    mutating func handle(_ event: Event, _ bytes: [UInt8] = []) {
        effects.removeAll()
        gateway.handle(event, bytes.span.bytes, at: now, into: &effects)
        var streams: [UpstreamID] = []
        for effect in effects.list {
            if case .openStream(let id, _) = effect { streams.append(id) }
            if case .sendStream(let range, _) = effect, let bytes = effects.copy(of: range),
                case .connect(let name, _, _, _, _, _) = BrokerPacket(reading: bytes, .v3_1_1)
            {
                names.append(name)
            }
        }
        for stream in streams {
            begun.append(now)
            handle(.streamOpened(stream))
            handle(.streamReceived(stream), BrokerPacket.connectAcknowledgement().bytes)
        }
    }
}
