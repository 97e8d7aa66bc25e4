using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Automation.Expressions.JavaScript.Execution;

/// <summary>
/// A result that may have to wait for a promise. Unlike a task it never leaves its thread: what waits goes on when the job queue says so.
/// </summary>
[AsyncMethodBuilder(typeof(StepBuilder<>))]
internal readonly struct Step<T>
{
    private readonly T _value;
    private readonly StepState<T>? _state;

    public Step(T value)
    {
        _value = value;
        _state = null;
    }

    public Step(StepState<T> state)
    {
        _value = default!;
        _state = state;
    }

    public StepAwaiter<T> GetAwaiter() => new(_value, _state);
}

internal readonly struct StepAwaiter<T>(T value, StepState<T>? state) : ICriticalNotifyCompletion
{
    public bool IsCompleted => state is null || state.IsCompleted;

    public T GetResult() => state is null ? value : state.GetResult();

    public void OnCompleted(Action continuation) => state!.Continuation = continuation;

    public void UnsafeOnCompleted(Action continuation) => state!.Continuation = continuation;
}

internal class StepState<T>
{
    private T _result = default!;
    private Exception? _exception;

    public bool IsCompleted { get; private set; }

    public Action? Continuation { get; set; }

    public T GetResult()
    {
        // Thrown anew where it is expected: to remember every frame it passes would take more memory than the frames did.
        if (_exception is Runtime.JsThrow or ExpressionException)
            throw _exception;
        if (_exception is not null)
            ExceptionDispatchInfo.Throw(_exception);
        return _result;
    }

    public void Complete(T result)
    {
        _result = result;
        IsCompleted = true;
        Continuation?.Invoke();
    }

    public void Fail(Exception exception)
    {
        _exception = exception;
        IsCompleted = true;
        Continuation?.Invoke();
    }
}

internal struct StepBuilder<T>
{
    private T _result;
    private StepState<T>? _state;

    public static StepBuilder<T> Create() => default;

    public readonly Step<T> Task => _state is null ? new Step<T>(_result) : new Step<T>(_state);

    public readonly void Start<TMachine>(ref TMachine machine)
        where TMachine : IAsyncStateMachine => machine.MoveNext();

    public readonly void SetStateMachine(IAsyncStateMachine machine) => _ = machine;

    public void SetResult(T result)
    {
        if (_state is null)
            _result = result;
        else
            _state.Complete(result);
    }

    public void SetException(Exception exception)
    {
        // Kept for whoever waits, even a passed limit: thrown from here it would pile up on the machine's stack, once for every caller.
        _state ??= new StepState<T>();
        _state.Fail(exception);
    }

    public void AwaitOnCompleted<TAwaiter, TMachine>(ref TAwaiter awaiter, ref TMachine machine)
        where TAwaiter : INotifyCompletion
        where TMachine : IAsyncStateMachine => awaiter.OnCompleted(Box(ref machine));

    public void AwaitUnsafeOnCompleted<TAwaiter, TMachine>(ref TAwaiter awaiter, ref TMachine machine)
        where TAwaiter : ICriticalNotifyCompletion
        where TMachine : IAsyncStateMachine => awaiter.UnsafeOnCompleted(Box(ref machine));

    private Action Box<TMachine>(ref TMachine machine)
        where TMachine : IAsyncStateMachine
    {
        if (_state is Boxed<TMachine> boxed)
            return boxed.MoveNext;
        boxed = new Boxed<TMachine>();

        // The builder is a field of the machine: the copy must already know its state.
        _state = boxed;
        boxed.Machine = machine;
        return boxed.MoveNext;
    }

    private sealed class Boxed<TMachine> : StepState<T>
        where TMachine : IAsyncStateMachine
    {
        public TMachine Machine = default!;

        public Action MoveNext => field ??= () => Machine.MoveNext();
    }
}
