import Configuration
import Transports

// What the log tells of the doors.

extension Reporter {
    func servesHTTP(at address: SocketAddress) {
        log.write(.info, "the page is at http://\(address)/", event: "http_listening")
    }

    func servesEverybody(_ name: String) {
        log.write(
            .warning,
            "\(name) is open to whoever reaches it: set http.token, or listen on 127.0.0.1 behind a proxy that asks who"
                + " comes",
            event: "http_open_to_everybody")
    }

    func tooManyHTTPConnections(limit: Int, _ recurrence: inout Recurrence, at now: UInt64) {
        guard let count = recurrence.happened(at: now) else { return }
        log.write(
            .warning, "connection refused, as http.connections=\(limit) are open" + Recurrence.suffix(count),
            event: "http_connection_refused")
    }

    func followerCutOff(_ recurrence: inout Recurrence, at now: UInt64) {
        guard let count = recurrence.happened(at: now) else { return }
        log.write(
            .warning, "a reader of /events or /watch was cut off, it read too slowly" + Recurrence.suffix(count),
            event: "http_reader_cut_off")
    }
}
