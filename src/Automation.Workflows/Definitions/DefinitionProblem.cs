namespace Automation.Workflows.Definitions;

/// <summary>How much a <see cref="DefinitionProblem"/> matters.</summary>
public enum ProblemSeverity
{
    /// <summary>Worth telling; the definition can be published. What it describes faults only if it is reached.</summary>
    Warning,

    /// <summary>The definition cannot be published or imported.</summary>
    Error,
}

/// <summary>One thing that is wrong with a definition.</summary>
/// <param name="Severity">Whether it stops publishing.</param>
/// <param name="ActivityId">The activity concerned; null for the definition as a whole.</param>
/// <param name="ActivityName">The name of that activity, where it has one.</param>
/// <param name="Property">The property concerned, camelCased as in the JSON; null where none is.</param>
/// <param name="Reason">One sentence that says what is wrong.</param>
public sealed record DefinitionProblem(ProblemSeverity Severity, string? ActivityId, string? ActivityName, string? Property, string Reason)
{
    /// <summary>Line in the expression, from 1; 0 where it is not about a place in one.</summary>
    public int Line { get; init; }

    /// <summary>Column in that line, from 1; 0 where it is not about a place in an expression.</summary>
    public int Column { get; init; }

    /// <summary>
    /// Whether a warning is an error to whoever publishes or imports: what it describes can never work. A version that
    /// is in force already, or a draft that is tried out, still runs up to that point.
    /// </summary>
    internal bool StopsPublishing { get; init; }

    /// <summary>Whether a genuine server answers 500 to whoever publishes it.</summary>
    internal bool IsServerErrorInElsa { get; init; }

    /// <inheritdoc/>
    public override string ToString()
    {
        var where = ActivityId is null ? "" : ActivityName is null || string.Equals(ActivityName, ActivityId, StringComparison.Ordinal)
            ? $"activity '{ActivityId}': "
            : $"activity '{ActivityId}' ({ActivityName}): ";
        return Property is null ? where + Reason : $"{where}{Property}: {Reason}";
    }
}

/// <summary>A definition cannot be used. Lists every problem that was found, not only the first.</summary>
/// <param name="problems">All problems, errors first.</param>
public sealed class DefinitionException(IReadOnlyList<DefinitionProblem> problems)
    : Exception(string.Join(Environment.NewLine, problems.Where(p => p.Severity == ProblemSeverity.Error)))
{
    /// <summary>All problems, errors first.</summary>
    public IReadOnlyList<DefinitionProblem> Problems { get; } = problems;

    internal static DefinitionException Single(string reason, string? property = null) =>
        new([new DefinitionProblem(ProblemSeverity.Error, null, null, property, reason)]);
}
