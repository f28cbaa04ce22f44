// Plays an XBee module and the clock for a link, and shows what the link writes and says.

import Bytes
import LinkFraming
import Testing
import Time

/// A link under test with its line.
final class RadioDialogue {
    var link: XBeeLink
    private(set) var now = Instant(nanoseconds: 1_000_000_000)
    /// The data of the frames that the link wrote, since they were last taken.
    private var written: [[UInt8]] = []
    /// The octets that the link wrote, since they were last taken.
    private var wire: [UInt8] = []
    private(set) var received: [Reception] = []
    private(set) var observations: [LinkObservation] = []
    private(set) var speedChangeCount = 0
    private var deframer: Framer
    private let isEscaped: Bool

    struct Reception: Equatable {
        var datagram: [UInt8]
        var address: LinkAddress
        var isBroadcast = false
    }

    init(_ configuration: XBeeLinkConfiguration = XBeeLinkConfiguration(), apiMode: Int = 2) {
        link = XBeeLink(configuration)
        isEscaped = apiMode == 2
        deframer = Framer(.xbee(isEscaped: isEscaped), maximumFrameByteCount: 512)
    }

    // MARK: Inputs

    private func does(_ step: (inout XBeeLink, Instant, inout LinkEffects) -> Void) {
        var effects = LinkEffects()
        step(&link, now, &effects)
        for effect in effects.list {
            switch effect {
            case .write(let range):
                wire += effects.bytes[range]
                written += deframer.frames(in: Array(effects.bytes[range]))
            case .datagramReceived(let range, let address, let isBroadcast):
                received.append(
                    Reception(datagram: Array(effects.bytes[range]), address: address, isBroadcast: isBroadcast))
            case .tryNextSpeed: speedChangeCount += 1
            case .observe(let observation): observations.append(observation)
            }
        }
    }

    func opens() { does { link, now, effects in link.lineOpened(at: now, into: &effects) } }

    func closes() { does { link, now, effects in link.lineClosed(at: now, into: &effects) } }

    func readsRaw(_ bytes: [UInt8]) {
        does { link, now, effects in link.receive(bytes.span.bytes, at: now, into: &effects) }
    }

    /// The module says a frame with this data.
    func says(_ data: [UInt8]) { readsRaw(framed(data, as: .xbee(isEscaped: isEscaped))) }

    func says(_ data: String) { says(octets(data)) }

    func status(_ frameID: UInt8, _ status: UInt8, destination16: UInt16 = 0xFFFE) {
        says([0x8B, frameID, UInt8(destination16 >> 8), UInt8(destination16 & 0xFF), 0, status, 0])
    }

    @discardableResult
    func sends(_ datagram: [UInt8], to address: UInt64) -> SendRefusal? {
        sends(datagram, to: .xbee64(XBeeAddress64(address)))
    }

    @discardableResult
    func sends(_ datagram: [UInt8], to address: LinkAddress) -> SendRefusal? {
        var refusal: SendRefusal?
        does { link, now, effects in
            refusal = link.send(datagram.span.bytes, to: address, at: now, into: &effects)
        }
        return refusal
    }

    @discardableResult
    func broadcasts(_ datagram: [UInt8], radius: UInt8 = 0) -> SendRefusal? {
        var refusal: SendRefusal?
        does { link, now, effects in
            refusal = link.broadcast(datagram.span.bytes, radius: radius, at: now, into: &effects)
        }
        return refusal
    }

    /// A datagram from a node comes in.
    func hears(_ datagram: [UInt8], from address: UInt64, at address16: UInt16 = 0x7D84, options: UInt8 = 1) {
        let address64 = (0..<8).map { UInt8(truncatingIfNeeded: address >> (56 - 8 * UInt64($0))) }
        says([0x90] + address64 + [UInt8(address16 >> 8), UInt8(address16 & 0xFF), options] + datagram)
    }

    /// Time passes; every deadline on the way is kept. One that is still due afterwards would never let the owner rest.
    func waits(_ milliseconds: Int) {
        let end = now + .milliseconds(milliseconds)
        while let deadline = link.nextDeadline, deadline <= end {
            now = max(now, deadline)
            does { link, now, effects in link.deadlineReached(at: now, into: &effects) }
            if let next = link.nextDeadline, next <= now {
                Issue.record("the deadline at \(next.nanoseconds) ns is past and stays")
                break
            }
        }
        now = end
    }

    // MARK: Outputs

    func takeWritten() -> [[UInt8]] {
        defer {
            written = []
            wire = []
        }
        return written
    }

    func takeWire() -> [UInt8] {
        defer {
            written = []
            wire = []
        }
        return wire
    }

    func takeObservations() -> [LinkObservation] {
        defer { observations = [] }
        return observations
    }

    // MARK: Start-up

    /// One datagram's status is overdue and nothing was heard, so that the module is asked whether it is there; another
    /// datagram, of frame id 18 and for node 2, is under way for 5 s less.
    static func searchingWithOneUnderWay() -> RadioDialogue {
        let radio = RadioDialogue.ready()
        radio.waits(1)
        radio.sends([2, 0x16], to: 1)
        radio.waits(5000)
        radio.sends([2, 0x17], to: 2)
        radio.waits(5000)
        _ = radio.takeWritten()
        return radio
    }

    /// Opens the line and answers every command as a Zigbee coordinator does.
    static func ready(
        _ configuration: XBeeLinkConfiguration = XBeeLinkConfiguration(), apiMode: Int = 2,
        answers: [String: String] = [:]
    ) -> RadioDialogue {
        let radio = RadioDialogue(configuration, apiMode: apiMode)
        radio.opens()
        radio.answersCommands(answers)
        _ = radio.takeWritten()
        _ = radio.takeObservations()
        return radio
    }

    /// Answers the commands that were written, and those that follow; an answer is a status and a value.
    func answersCommands(_ answers: [String: String] = [:]) {
        let standard = [
            "AP": isEscaped ? "00 02" : "00 01", "AO": "00", "NP": "00 00 54", "SH": "00 00 13 A2 00",
            "SL": "00 40 52 00 01", "HV": "00 41 00", "VR": "00 10 0D", "EE": "00 00", "KY": "00", "AR": "00 FF",
            "NJ": "00 FF", "ID": "00 0000000000000001", "OP": "00 00000000DEADBEEF", "CH": "00 0F", "MY": "00 00 00",
            "AI": "00 00",
        ]
        var answered = 0
        while answered < written.count {
            let command = written[answered]
            answered += 1
            guard command.count >= 4, command[0] == 8 else { continue }
            let name = String(decoding: command[2...3], as: UTF8.self)
            guard let answer = answers[name] ?? standard[name], !answer.isEmpty else { continue }
            says([0x88, command[1]] + command[2...3] + octets(answer))
        }
    }
}
