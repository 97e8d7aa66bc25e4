using System.Text;
using Automation.Intake.Identification;

namespace Automation.Intake.Verification;

/// <summary>A secret in a header: an API token, or a bearer token with its prefix.</summary>
internal sealed class HeaderTokenCheck(string name, IReadOnlyList<string> headers, string prefix, IReadOnlyList<string> secrets) : Check
{
    private readonly Secrets _secrets = new(secrets);
    private readonly Verdict _yes = Verdict.Yes(name);

    public override Verdict Judge(in WebhookRequest request, DateTimeOffset now, List<string>? trace)
    {
        foreach (var header in headers)
        {
            if (request.Header(header) is not { } value)
                continue;
            trace?.Add($"Header {header} is there, {value.Length} characters.");
            if (!value.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
                return Verdict.No($"header {header} does not begin with \"{prefix}\"");
            var number = _secrets.Find(value[prefix.Length..]);
            trace?.Add(number > 0 ? $"It equals secret {number} of {secrets.Count}." : $"It equals none of the {secrets.Count} secrets of the source.");
            return number > 0 ? _yes : Verdict.No($"header {header} does not hold the source's token");
        }

        return Verdict.No($"no header {string.Join(" or ", headers)}");
    }
}

/// <summary>A secret in the payload.</summary>
internal sealed class BodyTokenCheck : Check
{
    private readonly string _path;
    private readonly PathTree _tree = new();
    private readonly Secrets _secrets;
    private readonly Verdict _yes;

    public BodyTokenCheck(string name, string path, IReadOnlyList<string> secrets)
    {
        _path = path;
        _tree.Add(path);
        _secrets = new Secrets(secrets);
        _yes = Verdict.Yes(name);
    }

    public override Verdict Judge(in WebhookRequest request, DateTimeOffset now, List<string>? trace)
    {
        var values = new string?[1];
        if (PayloadReader.Read(request.Body.Span, _tree, values) is { } fault)
            return Verdict.No($"the body cannot be read for its {_path}: {fault}");
        if (values[0] is not { } token)
            return Verdict.No($"the body has no {_path}");
        var number = _secrets.Find(token);
        trace?.Add(number > 0 ? $"{_path} equals secret {number}." : $"{_path} ({token.Length} characters) equals none of the source's secrets.");
        return number > 0 ? _yes : Verdict.No($"{_path} in the body is not the source's token");
    }
}

/// <summary>A user name and a password in the <c>Authorization</c> header.</summary>
internal sealed class BasicCheck(string name, string user, IReadOnlyList<string> passwords) : Check
{
    private readonly Secrets _pairs = new(passwords.Select(p => user + ":" + p));
    private readonly Verdict _yes = Verdict.Yes(name);

    public override Verdict Judge(in WebhookRequest request, DateTimeOffset now, List<string>? trace)
    {
        if (request.Header("Authorization") is not { } value)
            return Verdict.No("no header Authorization");
        if (!value.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
            return Verdict.No("header Authorization is not Basic");
        var bytes = new byte[value.Length];
        if (!Convert.TryFromBase64String(value["Basic ".Length..].Trim(), bytes, out var length))
            return Verdict.No("header Authorization is not valid base64");
        var found = _pairs.Find(Encoding.UTF8.GetString(bytes, 0, length));
        trace?.Add(found > 0 ? "User and password are right." : "User or password is wrong.");
        return found > 0 ? _yes : Verdict.No("user or password is wrong");
    }
}

/// <summary>A secret as the last segment of the URL.</summary>
internal sealed class UrlSecretCheck(IReadOnlyList<string> secrets) : Check
{
    private readonly Secrets _secrets = new(secrets);

    public override Verdict Judge(in WebhookRequest request, DateTimeOffset now, List<string>? trace)
    {
        if (request.UrlSecret is not { } given)
            return Verdict.No("the URL has no secret after the source");
        var number = _secrets.Find(given);
        trace?.Add(number > 0 ? $"The URL ends with secret {number}." : "The last segment of the URL is none of the source's secrets.");
        return number > 0 ? Verdict.Yes("url-secret") : Verdict.No("the URL's secret is wrong");
    }
}
