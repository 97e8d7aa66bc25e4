namespace Automation.Intake.Mapping;

/// <summary>
/// The two halves of what is in force, of which each changes by itself: the rules that people write, and one for each event
/// trigger of a published workflow. Thread-safe.
/// </summary>
internal sealed class RulesInForce
{
    private readonly Lock _gate = new();
    private IReadOnlyList<CompiledRule> _written = [];
    private IReadOnlyList<CompiledRule> _ofTriggers = [];
    private (long Number, IReadOnlyList<CompiledRule> Rules)? _past;
    private volatile RuleSet _current = RuleSet.Empty;

    /// <summary>Both halves.</summary>
    public RuleSet Current => _current;

    /// <summary>How many of them people have written.</summary>
    public int Written
    {
        get
        {
            lock (_gate)
                return _written.Count;
        }
    }

    public void UseWritten(IReadOnlyList<CompiledRule> rules)
    {
        lock (_gate)
        {
            _written = rules;
            _current = new RuleSet([.. _written, .. _ofTriggers]);
        }
    }

    /// <summary>Takes over triggers. They are read under the gate, so that of two changes the later one is what stays.</summary>
    public void UseTriggers(Func<IReadOnlyList<CompiledRule>> read)
    {
        lock (_gate)
        {
            _ofTriggers = read();
            _current = new RuleSet([.. _written, .. _ofTriggers]);
        }
    }

    /// <summary>The rules of an earlier version beside the triggers of now.</summary>
    /// <param name="number">The version.</param>
    /// <param name="compile">Compiles it, unless it is the one that was asked for last: whoever looks at one event looks at its neighbours next.</param>
    public RuleSet OfPast(long number, Func<IReadOnlyList<CompiledRule>> compile)
    {
        IReadOnlyList<CompiledRule>? past = null;
        lock (_gate)
        {
            if (_past is { } kept && kept.Number == number)
                past = kept.Rules;
        }

        past ??= compile();
        lock (_gate)
        {
            _past = (number, past);
            return new RuleSet([.. past, .. _ofTriggers]);
        }
    }
}
