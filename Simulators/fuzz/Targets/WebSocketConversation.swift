// The target `WebSocket`: what a server answers and sends means the same however it is cut, and holds nothing long.

import Bytes
import HTTP
import WebSocket

/// The longest head that the target takes, below that of its inputs, so that the limit is met.
private let longestHead = 384

/// What the octets said together.
private struct Conversation: Equatable {
    var answer = HTTPAnswerReader.Progress.incomplete
    var fault: WebSocketUpgrade.Fault?
    var data: [UInt8] = []
    var controls: [[UInt8]] = []
    var close: WebSocketClose?
    var breach: WebSocketFault?
}

/// What is wrong with reading `bytes` as an answer and the frames behind it; nil when nothing is.
///
/// The key is that of RFC 6455 §1.3, so that a corpus can have a right answer.
func faultOfWebSocket(_ bytes: RawSpan) -> String? {
    let whole = conversation(bytes, pieceByteCount: max(1, bytes.byteCount))
    for count in [1, 3, 64] where conversation(bytes, pieceByteCount: count) != whole {
        return "in pieces of \(count) octets it is another conversation"
    }
    switch whole.answer {
    case .incomplete: if bytes.byteCount > longestHead { return "\(bytes.byteCount) octets are held" }
    case .broken(.tooLong): break
    case .broken(.notHTTP(let octets)):
        guard octets.count <= HTTPAnswerReader.shownByteCount else { return "\(octets.count) octets are shown" }
    case .complete(let answer):
        guard 100...599 ~= answer.status else { return "status \(answer.status)" }
        let isSafe = answer.reason.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
        guard isSafe, answer.fields.allSatisfy({ $0.name == $0.name.lowercased() && !$0.name.isEmpty }) else {
            return "answer \(answer)"
        }
    }
    guard whole.data.count <= bytes.byteCount else { return "\(whole.data.count) octets of data" }
    let longest = WebSocketFrameReader.maximumControlByteCount
    guard whole.controls.allSatisfy({ $0.count <= longest }) else { return "a long control frame" }
    return faultOfMasking(whole.data)
}

/// What is masked twice is what it was.
private func faultOfMasking(_ data: [UInt8]) -> String? {
    var masked = data
    WebSocketFrame.mask(&masked, 0..<masked.count, key: 0x0102_0380)
    WebSocketFrame.mask(&masked, 0..<masked.count, key: 0x0102_0380)
    return masked == data ? nil : "masked twice it is something else"
}

private func conversation(_ bytes: RawSpan, pieceByteCount: Int) -> Conversation {
    let upgrade = WebSocketUpgrade(
        authority: "a", path: "/mqtt", chance: (0x7468_6520_7361_6D70, 0x6C65_206E_6F6E_6365))
    var conversation = Conversation()
    var answer = HTTPAnswerReader(maximumByteCount: longestHead)
    var frames = WebSocketFrameReader()
    var start = 0
    while start < bytes.byteCount {
        let end = min(bytes.byteCount, start + pieceByteCount)
        let piece = bytes.extracting(start..<end)
        start = end
        var position = 0
        if conversation.answer == .incomplete {
            conversation.answer = answer.read(piece, from: &position)
            guard case .complete(let answer) = conversation.answer else { continue }
            conversation.fault = upgrade.fault(in: answer)
        }
        // Frames are read behind a wrong answer too, since a fuzzer finds that one more easily.
        guard case .complete = conversation.answer else { break }
        guard readFrames(piece, from: position, &frames, into: &conversation) else { break }
    }
    return conversation
}

/// Whether more may follow.
private func readFrames(
    _ bytes: RawSpan, from start: Int, _ frames: inout WebSocketFrameReader, into conversation: inout Conversation
) -> Bool {
    var position = start
    do throws(WebSocketFault) {
        while true {
            switch try frames.next(bytes, from: &position) {
            case .data(let range): for offset in range { conversation.data.append(bytes.byte(at: offset) ?? 0) }
            case .ping, .pong: conversation.controls.append(frames.controlPayload)
            case .close(let close):
                conversation.close = close
                return false
            case .incomplete: return true
            }
        }
    } catch {
        conversation.breach = error
        return false
    }
}
