// The simulated radio against exact octets, most of them from Digi's documentation and real captures.

import GatewayCore
import GatewaySimulator
import LinkFraming
import Testing
import Time

@Suite("What a simulated XBee says, octet by octet")
struct SimulatedRadioTests {
    private static let node = XBeeAddress64(0x0013_A200_4052_2BAA)
    private static let closeFrame = "7E 00 11 10 01 00 13 A2 00 40 52 2B AA FF FE 00 00 03 05 00 CD"

    private struct Line {
        var radio: SimulatedRadio
        var now = Instant(nanoseconds: 1_000_000_000)
        var deliveries: [SimulatedRadioEffects.Delivery] = []

        init(_ configuration: SimulatedRadioConfiguration, nodes: [XBeeAddress64] = [SimulatedRadioTests.node]) {
            radio = SimulatedRadio(configuration, seed: 1)
            for node in nodes { radio.addNode(node) }
        }

        /// What the radio says to `text`, at once and within the next ten seconds.
        mutating func answer(to text: String) -> String {
            var effects = SimulatedRadioEffects()
            radio.receive(octets(text), at: now, into: &effects)
            return rest(&effects)
        }

        mutating func does(_ step: (inout SimulatedRadio, Instant, inout SimulatedRadioEffects) -> Void) -> String {
            var effects = SimulatedRadioEffects()
            step(&radio, now, &effects)
            return rest(&effects)
        }

        private mutating func rest(_ effects: inout SimulatedRadioEffects) -> String {
            now = now + .seconds(10)
            radio.deadlineReached(at: now, into: &effects)
            deliveries += effects.deliveries
            return hexadecimal(effects.line)
        }
    }

    private static func mode(
        _ apiMode: UInt8, _ change: (inout SimulatedRadioConfiguration) -> Void = { _ in }
    ) -> SimulatedRadioConfiguration {
        var configuration = SimulatedRadioConfiguration()
        configuration.apiMode = apiMode
        change(&configuration)
        return configuration
    }

    @Test(
        "commands are answered",
        arguments: [
            ("7E 00 04 08 01 4E 50 58", "7E 00 07 88 01 4E 50 00 00 54 84"),
            ("7E 00 04 08 02 41 50 64", "7E 00 06 88 02 41 50 00 01 E3"),
            ("7E 00 05 08 03 41 4F 00 64", "7E 00 05 88 03 41 4F 00 E4"),
            // AO=9 is a value that there is not.
            ("7E 00 05 08 03 41 4F 09 5B", "7E 00 05 88 03 41 4F 03 E1"),
            ("7E 00 04 08 04 53 48 58", "7E 00 09 88 04 53 48 00 00 13 A2 00 23"),
            // WR is for nobody to give here.
            ("7E 00 04 08 06 57 52 48", "7E 00 05 88 06 57 52 02 C6"),
            // A wrong checksum, and a frame id of 0.
            ("7E 00 04 08 01 4E 50 59", ""), ("7E 00 04 08 00 4E 50 59", ""),
        ])
    func commands(command: String, answer: String) {
        var line = Line(Self.mode(1))
        #expect(line.answer(to: command) == answer)
    }

    @Test("in mode 2 what looks like a start, an escape or flow control is escaped")
    func escapes() {
        var line = Line(Self.mode(2))
        #expect(line.answer(to: "7E 00 04 08 04 53 48 58") == "7E 00 09 88 04 53 48 00 00 7D 33 A2 00 23")
        #expect(line.answer(to: "7E 00 7D 31 10 01 00 7D 33 A2 00 40 52 2B AA FF FE 00 00 03 05 00 CD") != "")
        #expect(line.deliveries == [.init(payload: [3, 5, 0], node: Self.node)])
    }

    @Test("a transmission reaches the node, and the status tells where it is")
    func transmission() {
        var line = Line(Self.mode(1))
        #expect(line.answer(to: Self.closeFrame) == "7E 00 07 8B 01 10 01 00 00 00 62")
        #expect(line.deliveries == [.init(payload: [3, 5, 0], node: Self.node)])
        #expect(line.radio.deliveredCount == 1)
    }

    @Test("an explicit transmission too")
    func explicitTransmission() {
        var line = Line(Self.mode(1))
        let frame = "7E 00 1B 11 05 00 13 A2 00 40 52 2B AA FF FE E8 E8 00 11 C1 05 00 00 07 0D 00 01 00 07 00 0D"
        #expect(line.answer(to: frame) == "7E 00 07 8B 05 10 01 00 00 00 5E")
        #expect(line.deliveries.map(\.payload) == [[7, 0x0D, 0, 1, 0, 7, 0]])
    }

    @Test("first-generation frames have statuses of their own")
    func legacy() {
        var line = Line(Self.mode(1) { $0.firmware = .ieee802154 })
        let frame = "7E 00 0E 00 01 00 13 A2 00 40 52 2B AA 00 03 05 00 DA"
        #expect(line.answer(to: frame) == "7E 00 03 89 01 00 75")
        #expect(line.deliveries.map(\.payload) == [[3, 5, 0]])
        #expect(line.answer(to: "7E 00 04 08 01 4E 50 58") == "7E 00 05 88 01 4E 50 02 D6")
    }

    @Test("a broadcast reaches all, and never fails")
    func broadcast() {
        let other = XBeeAddress64(0x0013_A200_4052_2BAB)
        var line = Line(Self.mode(1), nodes: [Self.node, other])
        let frame = "7E 00 11 10 03 00 00 00 00 00 00 FF FF FF FE 00 00 03 02 01 EB"
        #expect(line.answer(to: frame) == "7E 00 07 8B 03 FF FE 00 00 00 74")
        #expect(Set(line.deliveries.map(\.node)) == [Self.node, other])
        #expect(line.deliveries.allSatisfy { $0.isBroadcast && $0.payload == [3, 2, 1] })
    }

    @Test(
        "what cannot be delivered has its status",
        arguments: [
            ("dead", "7E 00 07 8B 01 FF FE 00 21 00 55"), ("asleep", "7E 00 07 8B 01 FF FE 00 75 00 01"),
            ("gone", "7E 00 07 8B 01 FF FE 00 24 00 52"), ("without network", "7E 00 07 8B 01 FF FE 00 22 00 54"),
            ("full", "7E 00 07 8B 01 FF FE 00 32 00 44"), ("busy", "7E 00 07 8B 01 FF FE 00 02 00 74"),
        ])
    func failures(what: String, status: String) {
        var line = Line(
            Self.mode(1) {
                if what == "full" { ($0.bufferCount, $0.noBuffersStatus) = (0, 0x32) }
                if what == "busy" { $0.busyChannelPerMille = 1_000 }
            }, nodes: what == "gone" ? [] : [Self.node])
        if what == "dead" { line.radio.setReachable(false, Self.node) }
        if what == "asleep" { line.radio.setAsleep(true, Self.node) }
        if what == "without network" { line.radio.isJoined = false }
        #expect(line.answer(to: Self.closeFrame) == status)
        #expect(line.deliveries.isEmpty)
    }

    @Test("an address that the node had before is not found")
    func oldAddress() {
        var line = Line(Self.mode(1))
        var effects = SimulatedRadioEffects()
        line.radio.changeAddress(of: Self.node, into: &effects)
        #expect(effects.line.isEmpty)
        let frame = "7E 00 11 10 01 00 13 A2 00 40 52 2B AA 10 01 00 00 03 05 00 B9"
        let answer = line.answer(to: frame)
        #expect(["7E 00 07 8B 01 FF FE 00 24 00 52", "7E 00 07 8B 01 FF FE 00 25 00 51"].contains(answer))
        #expect(line.deliveries.isEmpty)
        #expect(line.answer(to: Self.closeFrame) == "7E 00 07 8B 01 10 02 00 00 00 61")
    }

    @Test("a payload that is too long is refused")
    func tooLong() {
        var line = Line(Self.mode(1) { $0.firmware = .digiMesh })
        let request = XBeeTransmitRequest(
            frameID: 5, destination64: Self.node, destination16: .unknown, payload: 0..<74)
        var data: [UInt8] = []
        let payload = [UInt8](repeating: 0, count: 74)
        data.appendFrameData(of: .transmitRequest(request), from: payload.span.bytes)
        var wire: [UInt8] = []
        wire.appendFrame(data.span.bytes, as: .xbee(isEscaped: false))
        #expect(line.answer(to: hexadecimal(wire)) == "7E 00 07 8B 05 FF FE 00 74 00 FE")
    }

    @Test(
        "what a node sends is presented as AO says",
        arguments: [
            (UInt8(0), "7E 00 0F 90 00 13 A2 00 40 52 2B AA 10 01 02 03 01 00 3C"),
            (1, "7E 00 15 91 00 13 A2 00 40 52 2B AA 10 01 E8 E8 00 11 C1 05 02 03 01 00 94"),
        ])
    func reception(apiOptions: UInt8, frame: String) {
        var line = Line(Self.mode(1) { $0.apiOptions = apiOptions })
        let written = line.does { radio, now, _ in
            radio.nodeSends([3, 1, 0], from: Self.node, isBroadcast: true, at: now)
        }
        #expect(written == frame)
    }

    @Test("a reset is told, and forgets what was under way and AO")
    func reset() {
        var line = Line(Self.mode(1) { $0.apiOptions = 1 })
        #expect(line.answer(to: "7E 00 05 08 03 41 4F 00 64") == "7E 00 05 88 03 41 4F 00 E4")
        #expect(line.answer(to: "7E 00 04 08 03 41 4F 64") == "7E 00 06 88 03 41 4F 00 00 E4")
        let written = line.does { radio, now, effects in
            radio.receive(octets(Self.closeFrame), at: now, into: &effects)
            radio.reset(into: &effects)
        }
        #expect(written == "7E 00 02 8A 00 75")
        #expect(line.deliveries.isEmpty)
        #expect(line.answer(to: "7E 00 04 08 03 41 4F 64") == "7E 00 06 88 03 41 4F 00 01 E3")
    }
}

/// The octets of hexadecimal digits; blanks between them mean nothing.
private func octets(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { octet in
        let digits = String(octet, radix: 16, uppercase: true)
        return digits.count == 1 ? "0" + digits : digits
    }.joined(separator: " ")
}
