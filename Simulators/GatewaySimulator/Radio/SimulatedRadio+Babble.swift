import Bytes
import LinkFraming

// What a module may say that nobody asked for, well-formed and not.

extension SimulatedRadio {
    /// Something unasked for appears on the gateway's line.
    package mutating func babble(into effects: inout SimulatedRadioEffects) {
        let source = nodeAddresses.randomElement(using: &random) ?? configuration.address
        let source16 = nodes[source]?.address16 ?? .unknown
        switch Int.random(in: 0..<12, using: &random) {
        case 0: effects.line += octets(Int.random(in: 1...64, using: &random))
        // A length of nothing, and one that no frame has.
        case 1: effects.line += [0x7E, 0x00, 0x00, 0xFF]
        case 2: effects.line += [0x7E, 0xFF, 0xFF] + octets(8)
        case 3: sayStatus(into: &effects)
        case 4:
            let sample: [UInt8] = [0x01, 0x00, 0x1C, 0x02, 0x00, 0x14, 0x02, 0x25]
            say(
                .ioSample(source64: source, source16: source16, options: 1, samples: 0..<sample.count), sample,
                into: &effects)
        case 5: identify(source, source16, into: &effects)
        case 6:
            let hops = octets(2 * Int.random(in: 0...4, using: &random))
            let route = XBeeSourceRoute(node64: source, node16: source16, options: 1, hops: 0..<hops.count)
            say(.routeRecord(route), hops, into: &effects)
        // Remote answer, and types that nobody has given out.
        case 7: say([0x97] + octets(16), into: &effects)
        case 8: say(octets(1) + octets(Int.random(in: 0...300, using: &random)), into: &effects)
        // Payloads of the greatest and the least size, from a node.
        case 9:
            var payload = octets(255)
            payload[0] = 0xFF
            say(
                .receivePacket(
                    XBeeReceivePacket(
                        source64: source, source16: source16, options: .acknowledged, payload: 0..<payload.count)),
                payload, into: &effects)
        case 10:
            say(
                .receivePacket(
                    XBeeReceivePacket(source64: source, source16: source16, options: .acknowledged, payload: 0..<0)),
                into: &effects)
        default: say([0xFE, 0x02], into: &effects)
        }
    }

    /// A status for a frame that is hardly under way.
    private mutating func sayStatus(into effects: inout SimulatedRadioEffects) {
        let status = XBeeTransmitStatus(
            frameID: UInt8.random(in: 0...255, using: &random), destination16: .unknown, retryCount: 0,
            delivery: XBeeDeliveryStatus(UInt8.random(in: 0...255, using: &random)), discovery: 0)
        say(.transmitStatus(status), into: &effects)
    }

    private func identify(
        _ node: XBeeAddress64, _ address16: XBeeAddress16, into effects: inout SimulatedRadioEffects
    ) {
        let name = Array("node".utf8)
        let details: [UInt8] = [0xFF, 0xFE, 0x01, 0x01, 0xC1, 0x05, 0x10, 0x1E]
        let identification = XBeeNodeIdentification(
            source64: node, source16: address16, options: 2, node16: address16, node64: node, name: 0..<name.count,
            details: name.count..<(name.count + details.count))
        say(.nodeIdentification(identification), name + details, into: &effects)
    }

    private mutating func octets(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
}
