using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Automation.Steps.Values;

namespace Automation.Steps.Http;

/// <summary>Who asks for a token, and where (OAuth 2.0 client credentials, RFC 6749 section 4.4).</summary>
/// <param name="TokenUrl">The token endpoint.</param>
/// <param name="ClientId">The client.</param>
/// <param name="ClientSecret">Its secret.</param>
/// <param name="Scope">What is asked for; may be empty.</param>
/// <param name="Parameters">Further fields of the form, such as an audience, as JSON.</param>
/// <param name="InBody">Whether the client's credentials go in the form instead of the Authorization header.</param>
internal sealed record OAuthClient(string TokenUrl, string ClientId, string ClientSecret, string Scope, string Parameters, bool InBody)
{
    /// <summary>Without the secret.</summary>
    public override string ToString() => ClientId;
}

/// <summary>A token, or why there is none.</summary>
internal sealed record OAuthAnswer(string? Token, HttpCallResult? Result, string? Error);

/// <summary>
/// Access tokens by client, in memory. Whoever needs one that is not there asks for it, the others wait for that answer;
/// a token is replaced a while before it ends, and at once where a server has refused it.
/// </summary>
internal sealed class OAuthTokens(HttpCaller caller, TimeProvider clock)
{
    private const int Many = 1000;

    // For servers that do not say; a token that ends sooner is refused by the server and asked for again.
    private static readonly TimeSpan UnknownLifetime = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<OAuthClient, Entry> _entries = new();

    /// <summary>A token of the client.</summary>
    /// <param name="client">The client.</param>
    /// <param name="refused">A token that a server has just refused: it is not given again.</param>
    /// <param name="call">The call that wants it: how the request for one is repeated, what is masked in its record, and whose job waits.</param>
    /// <param name="exchanges">Gets the record of the request, where there is one.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<OAuthAnswer> GetAsync(OAuthClient client, string? refused, HttpCall call, List<HttpExchange> exchanges, CancellationToken cancellationToken)
    {
        if (_entries.Count >= Many)
        {
            foreach (var (key, old) in _entries)
            {
                if (old.RefreshAt <= clock.GetUtcNow())
                    _entries.TryRemove(key, out _);
            }
        }

        var entry = _entries.GetOrAdd(client, _ => new Entry());
        if (!entry.Asking.Wait(0, CancellationToken.None))
            await HttpCaller.WaitAsync(call.Job, () => entry.Asking.WaitAsync(cancellationToken));
        try
        {
            if (entry.Token is { } known && known != refused && clock.GetUtcNow() < entry.RefreshAt)
                return new OAuthAnswer(known, Result: null, Error: null);
            entry.Token = null;
            var asked = await AskAsync(client, call, exchanges, cancellationToken);
            if (asked.Token is not null)
                (entry.Token, entry.RefreshAt) = (asked.Token, clock.GetUtcNow() + asked.Lifetime - Margin(asked.Lifetime));
            return new OAuthAnswer(asked.Token, asked.Result, asked.Error);
        }
        finally
        {
            entry.Asking.Release();
        }
    }

    // A tenth of its life, at most a minute, for the way to the server and clocks that differ.
    private static TimeSpan Margin(TimeSpan lifetime) => lifetime / 10 < TimeSpan.FromMinutes(1) ? lifetime / 10 : TimeSpan.FromMinutes(1);

    private async Task<(string? Token, TimeSpan Lifetime, HttpCallResult Result, string? Error)> AskAsync(
        OAuthClient client, HttpCall call, List<HttpExchange> exchanges, CancellationToken cancellationToken)
    {
        var form = new Dictionary<string, object?>(StringComparer.Ordinal) { ["grant_type"] = "client_credentials" };
        if (client.Scope.Length > 0)
            form["scope"] = client.Scope;
        if (client.Parameters.Length > 0)
        {
            using var further = JsonDocument.Parse(client.Parameters);
            foreach (var member in further.RootElement.EnumerateObject())
                form[member.Name] = PlainJson.AsText(member.Value);
        }

        if (client.InBody)
            (form["client_id"], form["client_secret"]) = (client.ClientId, client.ClientSecret);
        // The two halves are form-encoded before they are joined (RFC 6749 section 2.3.1).
        var pair = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(client.ClientId)}:{Uri.EscapeDataString(client.ClientSecret)}"));
        var result = await caller.SendAsync(
            new HttpCall
            {
                Url = client.TokenUrl,
                Method = "POST",
                Content = form,
                ContentType = "application/x-www-form-urlencoded",
                Headers = [KeyValuePair.Create("Accept", (object?)"application/json")],
                Authorization = client.InBody ? null : "Basic " + pair,
                Resilience = call.Resilience,
                MaxResponseBytes = 64 << 10,
                Secrets = [client.ClientSecret, pair, .. call.Secrets],
                KeepsHostLimits = true,
                Job = call.Job,
            },
            exchanges,
            cancellationToken);
        if (result.Answer is not { } answer)
            return (null, TimeSpan.Zero, result, $"There is no token: {result.Error}");
        var content = answer.ParseContent() is JsonElement { ValueKind: JsonValueKind.Object } json ? json : default;
        if (answer.StatusCode != 200 || Text(content, "access_token") is not { Length: > 0 } token || token.Any(char.IsControl))
        {
            // "error" is a word out of a list; a description might repeat what was sent.
            var error = Text(content, "error") is { Length: > 0 and < 100 } word ? $" ({word})" : "";
            return (null, TimeSpan.Zero, result, string.Create(CultureInfo.InvariantCulture, $"There is no token: the token endpoint answered {answer.StatusCode}{error}{(answer.StatusCode == 200 ? " without an access_token" : "")}."));
        }

        return Text(content, "token_type") is { Length: > 0 } type && !type.Equals("Bearer", StringComparison.OrdinalIgnoreCase)
            ? (null, TimeSpan.Zero, result, "There is no token: the token endpoint gave one that is not of the type Bearer.")
            : (token, Lifetime(content), result, null);
    }

    private static TimeSpan Lifetime(JsonElement content)
    {
        var seconds = double.TryParse(Text(content, "expires_in"), NumberStyles.Float, CultureInfo.InvariantCulture, out var n) ? n : -1;
        return seconds < 0 ? UnknownLifetime : TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.FromDays(365).TotalSeconds));
    }

    private static string? Text(JsonElement content, string name) =>
        content.ValueKind == JsonValueKind.Object && content.TryGetProperty(name, out var member) ? PlainJson.AsText(member) : null;

    private sealed class Entry
    {
        public SemaphoreSlim Asking { get; } = new(1);

        public string? Token { get; set; }

        public DateTimeOffset RefreshAt { get; set; }
    }
}
