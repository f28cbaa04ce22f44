import Bytes
import GatewayCore
import MQTT

/// A TCP connection between the gateway and the broker.
struct WorldStream {
    var id: UpstreamID
    var connection: BrokerConnectionID
    var isOpen = false
    /// Bytes on their way.
    var toBroker: [UInt8] = []
    var toGateway: [UInt8] = []
    /// The gateway's host does not read.
    var isPaused = false
    /// The gateway's host cannot write.
    var isBlocked = false
    var gatewayHasClosed = false
    var brokerHasClosed = false
    /// What is sent gets nowhere; nobody has noticed yet.
    var isBroken = false
}

// The TCP streams: bytes arrive in order, in any portions, at any time, and streams end at any point.

extension World {
    func openStream(_ id: UpstreamID) {
        streamCount += 1
        let number = streamCount
        streams[number] = WorldStream(id: id, connection: BrokerConnectionID(UInt32(number)))
        streamNumbers.append(number)
        streamByID[id] = number
        queue.insert(.streamAnswered(number), at: now + streamDelay())
    }

    private func streamDelay() -> TimeSpan {
        isHealed ? .milliseconds(5) : milliseconds(1...max(2, options[.streamDelay]))
    }

    func answerStream(_ number: Int) {
        guard let stream = streams[number], !stream.gatewayHasClosed else { return forgetStream(number) }
        guard isBrokerUp, !rolls(.streamRefusals) else {
            // Nobody answers, or somebody says no.
            if pick(4) > 0 || isHealed { gatewayNoticesEnd(of: number, .refused) }
            return
        }
        streams[number]?.isOpen = true
        brokerHandles(.accepted(stream.connection), [])
        gatewayHandles(.streamOpened(stream.id), [])
    }

    /// The stream is no more for anybody.
    func forgetStream(_ number: Int) {
        guard let stream = streams.removeValue(forKey: number) else { return }
        if streamByID[stream.id] == number { streamByID[stream.id] = nil }
        streamNumbers.removeAll { $0 == number }
    }

    // MARK: To the broker

    func writeStream(_ id: UpstreamID, _ range: ByteRange) {
        guard let number = streamByID[id], let stream = streams[number], !stream.isBroken else { return }
        streams[number]?.toBroker.append(contentsOf: effects.bytes[range])
        if !stream.isBlocked, rolls(.streamBlocking) {
            streams[number]?.isBlocked = true
            queue.insert(.streamUnblocked(number), at: now + milliseconds(100...8_000))
            return
        }
        if !stream.isBlocked { queue.insert(.bytesReachedBroker(number), at: now + streamDelay()) }
    }

    func unblockStream(_ number: Int) {
        guard let stream = streams[number], stream.isBlocked else { return }
        streams[number]?.isBlocked = false
        queue.insert(.bytesReachedBroker(number), at: now)
        if !stream.gatewayHasClosed, stream.isOpen, !stream.isBroken { gatewayHandles(.streamDrained(stream.id), []) }
    }

    func pumpToBroker(_ number: Int) {
        guard let stream = streams[number], !stream.isBlocked, !stream.isBroken, !stream.brokerHasClosed else { return }
        guard !stream.toBroker.isEmpty else { return finishToBroker(number) }
        let portion = portionCount(of: stream.toBroker.count)
        streams[number]?.toBroker.removeFirst(portion)
        brokerHandles(.received(stream.connection), Array(stream.toBroker.prefix(portion)))
        if portion < stream.toBroker.count {
            queue.insert(.bytesReachedBroker(number), at: now + .milliseconds(1))
        } else {
            finishToBroker(number)
        }
    }

    private func finishToBroker(_ number: Int) {
        guard let stream = streams[number], stream.gatewayHasClosed else { return }
        brokerNoticesEnd(of: number)
    }

    private func portionCount(of byteCount: Int) -> Int {
        guard options[.streamSplitting] > 0, !isHealed else { return byteCount }
        return min(byteCount, 1 + pick(options[.streamSplitting]))
    }

    // MARK: To the gateway

    func pumpToGateway(_ number: Int) {
        guard let stream = streams[number], stream.isOpen, !stream.isPaused, !stream.gatewayHasClosed, !stream.isBroken
        else { return }
        if !stream.toGateway.isEmpty {
            let portion = portionCount(of: stream.toGateway.count)
            streams[number]?.toGateway.removeFirst(portion)
            gatewayHandles(.streamReceived(stream.id), Array(stream.toGateway.prefix(portion)))
            if portion < stream.toGateway.count {
                queue.insert(.bytesReachedGateway(number), at: now + .milliseconds(1))
                return
            }
        }
        if streams[number]?.brokerHasClosed == true { gatewayNoticesEnd(of: number, .closedByBroker) }
    }

    // MARK: Ends

    func closeStream(_ id: UpstreamID) {
        guard let number = streamByID.removeValue(forKey: id), let stream = streams[number] else { return }
        streams[number]?.gatewayHasClosed = true
        guard stream.isOpen, !stream.brokerHasClosed else { return forgetStream(number) }
        queue.insert(
            stream.isBroken ? .brokerNoticedEnd(number) : .bytesReachedBroker(number), at: now + streamDelay())
    }

    /// A stream fails; each side notices in its own time.
    func breakStream(_ number: Int) {
        guard let stream = streams[number], stream.isOpen, !stream.isBroken else { return }
        chronicle?.note("stream \(number) breaks", at: now)
        streams[number]?.isBroken = true
        streams[number]?.toBroker = []
        streams[number]?.toGateway = []
        queue.insert(.gatewayNoticedEnd(number, .failed), at: now + milliseconds(0...20_000))
        queue.insert(.brokerNoticedEnd(number), at: now + milliseconds(0...40_000))
    }

    func gatewayNoticesEnd(of number: Int, _ end: StreamEnd) {
        guard let stream = streams[number], !stream.gatewayHasClosed else { return }
        streams[number]?.gatewayHasClosed = true
        streamByID[stream.id] = nil
        gatewayHandles(.streamClosed(stream.id, end), [])
        if stream.brokerHasClosed || !stream.isOpen { forgetStream(number) }
    }

    func brokerNoticesEnd(of number: Int) {
        guard let stream = streams[number], stream.isOpen else { return }
        if !stream.brokerHasClosed {
            streams[number]?.brokerHasClosed = true
            brokerHandles(.closed(stream.connection), [])
        }
        if stream.gatewayHasClosed { forgetStream(number) }
    }

    // MARK: The broker

    func brokerHandles(_ event: BrokerEvent, _ bytes: [UInt8]) {
        guard isBrokerUp else { return }
        brokerEffects.removeAll()
        broker.handle(event, bytes.span.bytes, at: now, into: &brokerEffects)
        noteBrokerRecords()
        for index in brokerEffects.list.indices {
            switch brokerEffects.list[index] {
            case .send(let range, let connection):
                let number = Int(connection.rawValue)
                guard let stream = streams[number], !stream.isBroken else { continue }
                streams[number]?.toGateway.append(contentsOf: brokerEffects.bytes[range])
                queue.insert(.bytesReachedGateway(number), at: now + streamDelay())
            case .close(let connection):
                let number = Int(connection.rawValue)
                guard let stream = streams[number] else { continue }
                streams[number]?.brokerHasClosed = true
                if stream.gatewayHasClosed {
                    forgetStream(number)
                } else if !stream.isBroken {
                    queue.insert(.bytesReachedGateway(number), at: now + streamDelay())
                }
            }
        }
    }

    func noteBrokerRecords() {
        for record in broker.takeRecords() {
            chronicle?.note(record, at: now, in: self)
            deliveries.note(record, plan: plan, named: client(named:))
        }
    }

    /// The broker's process ends and starts again after a while.
    func restartBroker() {
        guard isBrokerUp else { return }
        let keepsStore = !rolls(.brokerStoreLoss)
        chronicle?.note("the broker restarts\(keepsStore ? "" : " and has lost its store")", at: now)
        for number in streamNumbers {
            guard let stream = streams[number], stream.isOpen else { continue }
            streams[number]?.brokerHasClosed = true
            streams[number]?.isBroken = true
            if stream.gatewayHasClosed {
                forgetStream(number)
            } else {
                queue.insert(.gatewayNoticedEnd(number, .closedByBroker), at: now + milliseconds(0...2_000))
            }
        }
        if !keepsStore { forgetStore() }
        broker.restart(keepsStore: keepsStore)
        noteBrokerRecords()
        isBrokerUp = false
        queue.insert(.brokerStarts, at: now + milliseconds(100...30_000))
    }

    private func forgetStore() {
        deliveries.brokerForgot()
        subscriptions.brokerForgot(gatewayLife: gatewayLives)
        dropDatagrams { _ in true }
    }
}
