import MQTT
import MQTTSN
import Testing
import Time

@testable import GatewayCore

/// A gateway that sees far more clients over time than it has places for (GW-87).
@Suite struct ManyClientsTests {
    /// Plays client and broker against a gateway, without the checks that a dialogue makes after every event.
    private struct Crowd: ~Copyable {
        var gateway: Gateway
        var effects = Effects()
        var now = Instant(nanoseconds: 0)
        var random = RandomNumbers(seed: 7)
        var accepted = 0
        var refused = 0
        var evicted = 0
        var lost = 0
        var livePeers: Set<PeerID> = []

        init(_ configuration: GatewayConfiguration) { gateway = Gateway(configuration: configuration, seed: 1) }

        mutating func handle(_ event: Event, _ bytes: [UInt8] = []) {
            effects.removeAll()
            gateway.handle(event, bytes.span.bytes, at: now, into: &effects)
            var streams: [UpstreamID] = []
            var endedStreams: [UpstreamID] = []
            for effect in effects.list {
                switch effect {
                case .openStream(let id, _): streams.append(id)
                case .closeStream(let id): endedStreams.append(id)
                case .forgetPeer(let peer): livePeers.remove(peer)
                case .observe(let observation):
                    switch observation.kind {
                    case .clientConnected, .clientResumed: accepted += 1
                    case .clientRefused: refused += 1
                    case .sessionEvicted: evicted += 1
                    case .clientLost: lost += 1
                    default: break
                    }
                case .sendDatagram, .broadcastDatagram, .sendStream, .pauseStream, .resumeStream: break
                }
            }
            for stream in endedStreams { handle(.streamEnded(stream)) }
            for stream in streams {
                handle(.streamOpened(stream))
                handle(.streamReceived(stream), BrokerPacket.connectAcknowledgement().bytes)
            }
        }

        mutating func says(_ messages: SNMessage..., from peer: PeerID) {
            livePeers.insert(peer)
            for message in messages { handle(.datagramReceived(from: peer), message.bytes) }
        }

        mutating func passes(_ span: TimeSpan) {
            let end = now + span
            while let deadline = gateway.nextDeadline, deadline <= end {
                now = max(now, deadline)
                handle(.deadlineReached)
            }
            now = end
        }
    }

    /// One client in four stays silent and is lost, one in four sleeps on, the others leave; half are persistent.
    private func lives(_ number: Int, _ crowd: inout Crowd) {
        let peer = PeerID(link: LinkID(0), number: UInt32(number))
        let isClean = crowd.random.next() % 2 == 0
        crowd.says(
            .connect("client-\(number)", clean: isClean, keepAlive: 10), .register(0, 1, "topic/\(number)"),
            from: peer)
        switch crowd.random.next() % 4 {
        case 0: break
        case 1: crowd.says(.disconnect(20), from: peer)
        default: crowd.says(.disconnect(), from: peer)
        }
        crowd.passes(.milliseconds(20))
    }

    @Test(
        "GW-87 100,000 clients over time: places are freed and used again, nothing grows, the oldest absent one gives way"
    )
    func churn() {
        let configuration = GatewayConfiguration.dialogue {
            $0.limits.clients = 1_000
            $0.limits.recentDepartures = 100
            $0.limits.strangerRepliesPerSecond = 10
        }
        var crowd = Crowd(configuration)
        crowd.handle(.deadlineReached)
        for number in 0..<100_000 { lives(number, &crowd) }
        // About 375 clients are silent at any time, and 50 a second come: nobody is ever refused.
        #expect(crowd.accepted == 100_000)
        #expect(crowd.refused == 0)
        #expect(crowd.evicted > 40_000)
        #expect(crowd.lost > 45_000)
        let sizes = crowd.gateway.tableSizes
        // One more while a newcomer is set up.
        #expect(sizes.sessionPlaces <= 1_001)
        #expect(sizes.sessions <= 1_000)
        #expect(sizes.upstreamPlaces <= 1_001)
        #expect(sizes.topicNames <= 1_000)
        #expect(sizes.departures <= 100)
        #expect(sizes.remembered <= 1_000)
        #expect(sizes.routes <= 1_100)
        #expect(sizes.peers == crowd.livePeers.count)
        crowd.passes(.seconds(100))
        let rest = crowd.gateway.tableSizes
        #expect(rest.sessions == rest.remembered)
        #expect(rest.routes == 0)
        #expect(rest.peers == 0)
        #expect(rest.departures == 0)
        #expect(crowd.livePeers.isEmpty)
    }

    @Test("GW-87 GW-21 With every place taken by a connected client, newcomers are refused and leave nothing behind")
    func full() {
        var crowd = Crowd(.dialogue { $0.limits.clients = 100 })
        crowd.handle(.deadlineReached)
        for number in 0..<100 {
            crowd.says(
                .connect("client-\(number)", clean: false), .pingRequest(),
                from: PeerID(link: LinkID(0), number: UInt32(number)))
        }
        for number in 100..<10_000 {
            crowd.says(.connect("client-\(number)"), from: PeerID(link: LinkID(0), number: UInt32(number)))
        }
        #expect(crowd.accepted == 100)
        #expect(crowd.refused == 9_900)
        #expect(crowd.evicted == 0)
        #expect(crowd.livePeers.count == 100)
        let sizes = crowd.gateway.tableSizes
        #expect(sizes.sessionPlaces == 100)
        #expect(sizes.peers == 100)
    }
}

/// How much the tables of a gateway hold.
private struct TableSizes {
    var sessions: Int
    var sessionPlaces: Int
    var upstreamPlaces: Int
    var topicNames: Int
    var departures: Int
    var remembered: Int
    var routes: Int
    var peers: Int
}

extension Gateway {
    fileprivate var tableSizes: TableSizes {
        TableSizes(
            sessions: sessions.count, sessionPlaces: Int(sessions.endIndex),
            upstreamPlaces: Int(environment.upstreams.endIndex), topicNames: environment.topicNames.count,
            departures: departures.count, remembered: remembered.count, routes: sessionByRoute.count,
            peers: routeCountByPeer.count)
    }
}
