using Automation.Intake;
using Automation.Intake.Sources;

namespace Automation.Dashboard.Sources;

/// <summary>Says by what a source knows its sender; all of it must hold. Secrets are counted, never shown.</summary>
internal static class SourceProofs
{
    /// <summary>Each proof in a few words; none where nothing is verified.</summary>
    public static IEnumerable<string> Of(SourceOptions settings, Preset? preset)
    {
        if (settings.Secrets.Count > 0)
        {
            string[] schemes = settings switch
            {
                { Signature: not null } => ["a signature of its own"],
                { Scheme: { Length: > 0 } one } => [one],
                _ => [.. preset?.Verification.Select(v => v.Name) ?? []],
            };
            yield return $"{string.Join(" or ", schemes)}, by {(settings.Secrets.Count == 1 ? "its secret" : $"one of {settings.Secrets.Count} secrets")}";
        }

        if (settings.IdToken is not null)
            yield return settings.Secrets.Count > 0 ? "or, instead of that, an ID token" : "an ID token";
        if (settings.HeaderToken is { } token)
            yield return $"a token in the header {token.Name}";
        if (settings.UrlSecrets.Count > 0)
            yield return "a secret at the end of the address";
        if (settings.AllowedIps.Count > 0)
            yield return "an address of " + string.Join(", ", settings.AllowedIps);
    }
}
