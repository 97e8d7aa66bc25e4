using Automation.Intake.Identification;
using Automation.Intake.Verification;

namespace Automation.Intake.Sources;

/// <summary>A sender's handshake, compiled.</summary>
internal sealed class Challenge
{
    private readonly PathTree _tree = new();
    private readonly (ValueTemplate Template, string Value)[] _when;
    private readonly ValueTemplate? _token;
    private readonly ValueTemplate _answer;
    private readonly Secrets _tokens;

    /// <exception cref="FormatException">A template cannot be read.</exception>
    public Challenge(ChallengeForm form, IReadOnlyList<string> tokens)
    {
        ByQuery = form.Kind == "query";
        _when = [.. form.When.Select(w => (ValueTemplate.Parse(w.Key, _tree), w.Value))];
        _token = form.Token is null ? null : ValueTemplate.Parse(form.Token, _tree);
        _answer = ValueTemplate.Parse(form.Answer, _tree);
        _tokens = new Secrets(tokens);
    }

    /// <summary>Whether a GET asks, rather than an event-like POST.</summary>
    public bool ByQuery { get; }

    /// <summary>Looks whether a request is the handshake.</summary>
    /// <param name="request">The request.</param>
    /// <param name="answer">The text wanted back; null where the sender's token is wrong.</param>
    public bool Asks(in WebhookRequest request, out string? answer)
    {
        answer = null;
        var values = new string?[_tree.Count];
        if (!ByQuery && PayloadReader.Read(request.Body.Span, _tree, values) is not null)
            return false;
        foreach (var (template, value) in _when)
        {
            if (template.Evaluate(values, request) != value)
                return false;
        }

        if (_answer.Evaluate(values, request) is not { Length: <= 4096 } text)
            return false;
        if (_token is null || (_token.Evaluate(values, request) is { } token && _tokens.Find(token) > 0))
            answer = text;
        return true;
    }
}
