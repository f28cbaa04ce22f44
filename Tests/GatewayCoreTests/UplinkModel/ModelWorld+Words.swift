// The steps of a counterexample, in words.

extension ModelWorld {
    func describe(_ step: Step) -> String {
        switch step.kind {
        case .send: "client sends message \(step.first)"
        case .sendAgain: "client repeats message \(step.first)"
        case .gatewayHears: "gateway hears \(publish(step.first))"
        case .gatewayHearsRelease: "gateway hears PUBREL \(step.first)"
        case .clientHears: "client hears \(Self.answers[step.first]) \(step.second)"
        case .brokerHears: "broker hears \(toBroker(step.first))"
        case .gatewayHearsBroker: "gateway hears \(fromBroker(step.first)) of the broker"
        case .cut: "the broker connection is cut"
        case .back: "the broker is back with its session"
        case .backForgetful: "the broker is back without its session"
        case .tick: "Tretry passes"
        case .patience: "patience passes"
        case .restart: "the gateway is restarted"
        case .reboot: "the client reboots and says CONNECT"
        case .cleanReboot: "the client reboots and says CONNECT with CleanSession"
        case .reconnect: "the client says CONNECT"
        case .sleep: "the client falls asleep"
        case .wake: "the client wakes up"
        case .fill: "the broker connection is full"
        case .drain: "the broker connection has room again"
        case .request: "a SUBSCRIBE asks for room"
        }
    }

    private static let answers = ["PUBACK", "PUBREC", "PUBCOMP", "PUBACK 0x01"]

    private func publish(_ code: Int) -> String {
        let message = code / 4
        return "PUBLISH \(gateway.messageID(message, code / 2 % 2)) (message \(message), DUP \(code % 2))"
    }

    private func toBroker(_ bits: Int) -> String {
        let packet = ModelPacket(bits: UInt(bitPattern: bits))
        return packet.kind == 2
            ? "PUBREL \(packet.packetID)" : "PUBLISH \(packet.packetID) (message \(packet.message))"
    }

    private func fromBroker(_ bits: Int) -> String {
        let packet = ModelPacket(bits: UInt(bitPattern: bits))
        return "\(["", "PUBACK", "PUBREC", "PUBCOMP"][packet.kind]) \(packet.packetID)"
    }
}
