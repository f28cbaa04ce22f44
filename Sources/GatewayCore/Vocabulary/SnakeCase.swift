// The names that the code has for things, as they are shown.

extension String {
    /// A name as log, metrics and page have it: `clientFellAsleep` as `client_fell_asleep`, and `gatewayIDTaken` as
    /// `gateway_id_taken`.
    package var snakeCased: String {
        var result = ""
        var isInCapitals = false
        for (character, next) in zip(self, dropFirst().map(Optional.some) + [nil]) {
            // The last of several capitals begins the next word.
            let beginsWord = character.isUppercase && (!isInCapitals || next?.isLowercase == true)
            if beginsWord, !result.isEmpty { result += "_" }
            result += character.lowercased()
            isInCapitals = character.isUppercase
        }
        return result
    }
}
