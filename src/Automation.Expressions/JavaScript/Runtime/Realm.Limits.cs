using System.Runtime.CompilerServices;
using Automation.Expressions.JavaScript.Execution;

namespace Automation.Expressions.JavaScript.Runtime;

/// <content>
/// Limits. Steps are counted one by one; time, memory and cancellation are looked at every so many steps. Built-ins that work on long
/// strings or arrays report their work as steps too, so the time between two looks is bounded.
/// </content>
internal sealed partial class Realm
{
    private const int StepsBetweenChecks = 1000;

    private int _fuel;
    private int _chunk;
    private long _stepsDone;
    private long _memoryAtStart;
    private long _timeAtStart;
    private Frame[] _frames = [];

    /// <summary>How many calls are open.</summary>
    public int Depth { get; set; }

    private void StartLimits()
    {
        _timeAtStart = Clock.GetTimestamp();
        _memoryAtStart = GC.GetAllocatedBytesForCurrentThread();
        Refill();
    }

    private void Refill()
    {
        _chunk = (int)Math.Min(StepsBetweenChecks, Limits.MaxSteps - _stepsDone + 1);
        _fuel = _chunk;
    }

    /// <summary>Counts one step.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step()
    {
        if (--_fuel < 0)
            Check();
    }

    /// <summary>Counts the work of a built-in as steps.</summary>
    public void Work(long steps)
    {
        if (steps < _fuel)
        {
            _fuel -= (int)steps;
            return;
        }

        _stepsDone += steps - _fuel;
        _fuel = -1;
        Check();
    }

    /// <summary>Counts the work on a string: copying and searching are fast, but not free.</summary>
    public void StringWork(int length)
    {
        if (length >= 256)
            Work(length >> 8);
    }

    /// <summary>Counts the work on a value if it is a long string: whatever a built-in does with it, it looks at all of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void TextWork(JsValue value)
    {
        if (value.Reference is string { Length: >= LongText } text)
            Work(text.Length >> 6);
        else if (value.Reference is JsRope { Length: >= LongText } rope)
            Work(rope.Length >> 6);
    }

    /// <summary>Strings from here on are worth counting where a loop may compare or hash them.</summary>
    public const int LongText = 4096;

    /// <summary>Looks at every limit; throws when one is passed.</summary>
    private void Check()
    {
        _stepsDone += _chunk - Math.Max(_fuel, 0);
        if (_stepsDone > Limits.MaxSteps)
            throw LimitPassed($"The script took more than {Limits.MaxSteps} steps (MaxSteps)");
        Cancellation.ThrowIfCancellationRequested();
        if (Clock.GetElapsedTime(_timeAtStart) > Limits.Timeout)
            throw LimitPassed($"The script ran longer than {Limits.Timeout.TotalMilliseconds:0} ms (Timeout)");
        CheckMemory(0);
        Refill();
    }

    /// <summary>Time left; zero when none is.</summary>
    public TimeSpan TimeLeft
    {
        get
        {
            var left = Limits.Timeout - Clock.GetElapsedTime(_timeAtStart);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    private void CheckMemory(long wanted)
    {
        if (GC.GetAllocatedBytesForCurrentThread() - _memoryAtStart + wanted > Limits.MaxMemory)
            throw LimitPassed($"The script made values of more than {Limits.MaxMemory} bytes (MaxMemory)");
    }

    /// <summary>Asks for memory before a large block is taken.</summary>
    public void ReserveMemory(long bytes)
    {
        if (bytes > 16 * 1024)
            CheckMemory(bytes);
    }

    /// <summary>How many elements to make room for, given how many are needed and how many would be handy.</summary>
    public int ArrayCapacity(double needed, int handy = 0)
    {
        if (needed > Limits.MaxArrayLength)
            throw LimitPassed($"An array is longer than the limit of {Limits.MaxArrayLength} elements (MaxArrayLength)");
        var size = Math.Max((int)needed, Math.Max(4, Math.Min(handy, Limits.MaxArrayLength)));
        if (size > 1024)
            ReserveMemory((long)size * 16);
        return size;
    }

    /// <summary>Checks the length of a string that is growing.</summary>
    public void CheckString(long length)
    {
        if (length > Limits.MaxStringLength)
            throw LimitPassed($"A string is longer than the limit of {Limits.MaxStringLength} characters (MaxStringLength)");
    }

    /// <summary>Checks the length of a string about to be made, and counts the work.</summary>
    public void ReserveString(long length)
    {
        CheckString(length);
        if (length > 1024)
        {
            ReserveMemory(length * 2);
            Work(length >> 8);
        }
    }

    public ExpressionException LimitPassed(string message) => new LocatedLimit(message, Position).ToException();

    /// <summary>Opens a call: counts its depth, and looks whether the machine's own stack still has room.</summary>
    public void EnterCall()
    {
        if (++Depth > Limits.MaxCallDepth)
            throw TooDeep();
        EnsureStack();
        Step();
    }

    /// <summary>Opens a call of one that a built-in makes again and again, and for which it looked at the stack once.</summary>
    public void EnterRepeatedCall()
    {
        if (++Depth > Limits.MaxCallDepth)
            throw TooDeep();
        Step();
    }

    /// <summary>Looks whether the machine's own stack still has room.</summary>
    public void EnsureStack()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw TooDeep();
    }

    private ExpressionException TooDeep() => LimitPassed($"Calls are nested deeper than the limit of {Limits.MaxCallDepth} (MaxCallDepth)");

    /// <summary>Counts native recursion (a getter in a getter, JSON in JSON) like calls.</summary>
    public Nesting Nest()
    {
        EnterCall();
        return new Nesting(this);
    }

    /// <summary>The frame for the call just entered; frames of ended calls are used again. The caller sets the parameters, the first locals, himself.</summary>
    public Frame FrameFor(int locals, int parameters = 0)
    {
        if (Depth >= _frames.Length)
            Array.Resize(ref _frames, Math.Max(8, Depth * 2));
        var frame = _frames[Depth] ??= new Frame(this);
        frame.Prepare(locals, parameters);
        return frame;
    }

    public readonly struct Nesting(Realm realm) : IDisposable
    {
        public void Dispose() => realm.Depth--;
    }

    /// <summary>A passed limit that still has to learn its line.</summary>
    private sealed record LocatedLimit(string Message, int Offset)
    {
        public ExpressionException ToException()
        {
            var exception = new ExpressionException(ExpressionErrorKind.Limit, Message);
            exception.Data["offset"] = Offset;
            return exception;
        }
    }
}
