import MQTTSN
import Time

/// Connecting, with the Will where there is one, and the end of a connection (MQTT-SN 1.2 §6.2, §6.3, §6.12).
extension SensorClient {
    mutating func sendConnect(at now: Instant) {
        phase = .connecting
        let flags = Flags(will: options.will != nil, cleanSession: options.cleanSession)
        let connect = Connect(
            flags: flags, protocolID: 1, duration: options.keepAliveSeconds, clientID: 0..<options.clientID.count)
        send(.connect(connect), from: options.clientID, for: .connect, at: now)
    }

    /// Whether CONNACK or one of the questions before it may still come.
    private var isSettingUp: Bool { phase == .connecting }

    mutating func willTopicWanted(at now: Instant) {
        guard isSettingUp else { return }
        // A gateway that asks without reason gets the empty form, which means no Will.
        let will = options.will
        let flags = will.map { Flags(qos: $0.qos, retain: $0.retain) } ?? Flags()
        let topic = will?.topic ?? []
        send(.willTopic(WillTopic(flags: flags, topic: 0..<topic.count)), from: topic, for: .willTopic, at: now)
    }

    mutating func willMessageWanted(at now: Instant) {
        guard isSettingUp, let message = options.will?.message else { return }
        send(.willMessage(0..<message.count), from: message, for: .willMessage, at: now)
    }

    mutating func connectionAnswered(_ code: ReturnCode, at now: Instant) {
        guard isSettingUp else { return }
        guard code == .accepted else {
            end(.failed(.refused(.connect, code)))
            return
        }
        phase = .active
        pending = nil
        events.append(.connected)
        advance(at: now)
    }

    mutating func sendDisconnect(at now: Instant) {
        send(.disconnect(duration: nil), for: .disconnect, at: now)
    }

    /// A DISCONNECT: the answer to the client's own, or the gateway's wish.
    mutating func disconnected(at now: Instant) {
        switch pending?.exchange {
        case .disconnect: end(.ended)
        case .sleep: fallAsleep(at: now)
        case .connect, .willTopic, .willMessage, .register, .subscribe, .publish, .release, .ping, .wakeUp, nil:
            reconnect(at: now)
        }
    }

    /// Connects anew, and asks again for what was open (§6.12).
    private mutating func reconnect(at now: Instant) {
        // While CONNECT is open this is an answer to something older.
        guard phase != .idle, phase != .connecting else { return }
        reconnectCount += 1
        guard reconnectCount <= Self.maximumReconnectCount else {
            end(.failed(.disconnected))
            return
        }
        events.append(.reconnecting)
        let open = pending?.request
        let known = subscriptions.map { Request.subscribe($0) }
        requests = known + (open.map { known.contains($0) ? [] : [$0] } ?? []) + requests
        pending = nil
        idsByName.removeAll()
        if options.cleanSession {
            namesByID.removeAll()
            nameByteCount = 0
            received.removeAll()
        }
        subscriptions.removeAll()
        sendConnect(at: now)
    }
}
