using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Automation.Intake.Mapping;

namespace Automation.Intake.Flow;

/// <summary>What becomes of an event that comes when all places of its key are taken.</summary>
internal enum WhenBusy
{
    Queue,
    Skip,
    Replace,
}

/// <summary>So many in a period.</summary>
internal sealed record Pace(int Limit, TimeSpan Period)
{
    public long Micros => Period.Ticks / TimeSpan.TicksPerMicrosecond;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Limit} in {FlowDuration.Show(Period)}");
}

/// <summary>The flow control of a rule, compiled and checked. Immutable.</summary>
internal sealed class FlowPlan
{
    private const int LongestKey = 256;

    private readonly Func<EventPayload, object?>? _key;
    private readonly Func<EventPayload, object?>? _priority;

    private FlowPlan() => Text = "each event starts at once";

    /// <exception cref="FormatException">Something in it cannot be; the message names the member and what is allowed.</exception>
    public FlowPlan(FlowRule rule, ExpressionCompiler expressions)
    {
        _key = Value("key", rule.Key, expressions);
        _priority = Value("priority", rule.Priority, expressions);
        if (rule.Concurrency is { } concurrency)
        {
            if (rule.Singleton is not null)
                throw new FormatException("\"flow.singleton\" stands for a \"concurrency\" of 1; only one of them can be set.");
            Concurrency = Range("concurrency.limit", concurrency.Limit, 1, 1000);
            WhenBusy = Busy("concurrency.whenFull", concurrency.WhenFull);
        }
        else if (rule.Singleton is { } singleton)
        {
            Concurrency = 1;
            WhenBusy = Busy("singleton", singleton);
        }

        Throttle = Limit("throttle", rule.Throttle);
        RateLimit = Limit("rateLimit", rule.RateLimit);
        if (rule.Debounce is { } debounce)
        {
            Debounce = FlowDuration.Parse("debounce.period", debounce.Period, TimeSpan.FromMilliseconds(10));
            DebounceTimeout = debounce.Timeout is { } timeout ? FlowDuration.Parse("debounce.timeout", timeout, Debounce.Value) : null;
        }

        if (rule.Batch is { } batch)
        {
            if (rule.Debounce is not null)
                throw new FormatException("\"flow.debounce\" and \"flow.batch\" exclude each other: the one keeps only the last event, the other all.");
            BatchSize = Range("batch.size", batch.Size, 2, 1000);
            BatchTimeout = FlowDuration.Parse("batch.timeout", batch.Timeout, TimeSpan.FromMilliseconds(10));
        }

        if (WhenBusy != WhenBusy.Queue && (BatchSize > 0 || Debounce is not null))
            throw new FormatException("\"flow.batch\" and \"flow.debounce\" hold events back, so with them \"concurrency\" and \"singleton\" can only queue.");
        if (Concurrency == 0 && Throttle is null && RateLimit is null && Debounce is null && BatchSize == 0)
            throw new FormatException("\"flow\" limits nothing; set concurrency, singleton, throttle, rateLimit, debounce or batch.");
        Text = Describe();
    }

    /// <summary>No flow control: for what still waits after a rule has lost its own.</summary>
    public static FlowPlan None { get; } = new();

    /// <summary>Whether events are held back until a debounce or a batch is over.</summary>
    public bool Collects => Debounce is not null || BatchSize > 0;

    /// <summary>Instances at the same time; 0 for no limit.</summary>
    public int Concurrency { get; }

    public WhenBusy WhenBusy { get; }

    public Pace? Throttle { get; }

    public Pace? RateLimit { get; }

    public TimeSpan? Debounce { get; }

    public TimeSpan? DebounceTimeout { get; }

    /// <summary>Most events of a start; 0 without batches.</summary>
    public int BatchSize { get; }

    public TimeSpan BatchTimeout { get; }

    /// <summary>What it does, in one sentence without its end.</summary>
    public string Text { get; }

    /// <summary>What limits are counted by for an event; empty where the event has nothing there, or the rule has no key.</summary>
    /// <exception cref="Expressions.ExpressionException">The expression failed.</exception>
    public string Key(EventPayload payload)
    {
        if (_key?.Invoke(payload) is not { } value)
            return "";
        var text = value as string ?? (value is JsonElement json ? json.GetRawText() : Convert.ToString(value, CultureInfo.InvariantCulture)) ?? "";
        // PostgreSQL's text takes no NUL.
        if (text.Contains('\0', StringComparison.Ordinal))
            text = text.Replace('\0', '\uFFFD');
        return text.Length <= LongestKey ? text : text[..64] + "…" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    /// <exception cref="Expressions.ExpressionException">The expression failed.</exception>
    public long Priority(EventPayload payload) => _priority?.Invoke(payload) switch
    {
        null => 0,
        double number => double.IsNaN(number) ? 0 : (long)Math.Clamp(number, -1e15, 1e15),
        string text => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0,
        IConvertible other and not bool and not DateTime => Convert.ToInt64(other, CultureInfo.InvariantCulture),
        true => 1,
        _ => 0,
    };

    private static Func<EventPayload, object?>? Value(string name, JsonElement? value, ExpressionCompiler expressions)
    {
        if (value is not { } given)
            return null;
        try
        {
            return CompiledRule.Input(name, given, expressions);
        }
        catch (FormatException e)
        {
            throw new FormatException($"\"flow.{name}\": {e.Message}", e);
        }
    }

    private static int Range(string name, int value, int least, int most) => value >= least && value <= most
        ? value
        : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"\"flow.{name}\" is {value}; allowed is {least} to {most}."));

    private static Pace? Limit(string name, FlowLimit? limit) => limit is null
        ? null
        : new Pace(Range(name + ".limit", limit.Limit, 1, 10_000), FlowDuration.Parse(name + ".period", limit.Period, TimeSpan.FromMilliseconds(100)));

    private static WhenBusy Busy(string name, string value) =>
        Enum.TryParse<WhenBusy>(value, ignoreCase: true, out var busy) && Enum.IsDefined(busy) && !char.IsAsciiDigit(value[0])
            ? busy
            : throw new FormatException($"\"flow.{name}\" is \"{value}\"; allowed: queue, skip, replace.");

    private string Describe()
    {
        var parts = new List<string>();
        if (RateLimit is { } rate)
            parts.Add($"{rate} are let in and the others skipped");
        if (Debounce is { } quiet)
            parts.Add($"starts after {FlowDuration.Show(quiet)} of quiet");
        if (BatchSize > 0)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"starts once for {BatchSize} events or after {FlowDuration.Show(BatchTimeout)}"));
        if (Throttle is { } throttle)
            parts.Add($"{throttle} start and the others wait");
        if (Concurrency > 0)
        {
            var others = WhenBusy switch
            {
                WhenBusy.Queue => "the others wait",
                WhenBusy.Skip => "others are skipped",
                _ => "a later one replaces the oldest",
            };
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"at most {Concurrency} at a time, {others}"));
        }

        return string.Join("; ", parts);
    }
}
