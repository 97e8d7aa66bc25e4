using Automation.Expressions.JavaScript.Builtins;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Execution;

/// <summary>Runs a whole script and sees to it that promises are settled.</summary>
internal static class ScriptRunner
{
    public static JsValue Run(Realm realm, FunctionCode code)
    {
        var f = realm.FrameFor(code.LocalCount);
        if (!code.Layout.IsEmpty)
            code.Layout.Enter(f);
        f.Root = f.Env;
        foreach (var function in code.Functions)
            function.Create(f);
        JsValue value;
        if (code.IsAsync)
        {
            var promise = new JsPromise(realm);
            AsyncFunctions.Follow(code.ExecuteAsync(f), promise);
            value = promise;
        }
        else
        {
            value = code.Execute(f);
        }

        realm.RunJobs();
        return value.Reference is JsPromise result ? Unwrap(realm, result) : value;
    }

    private static JsValue Unwrap(Realm realm, JsPromise promise)
    {
        switch (promise.State)
        {
            case PromiseState.Fulfilled:
                return promise.Result;
            case PromiseState.Rejected:
                throw new JsThrow(promise.Result) { Offset = promise.RejectedAt };
            default:
                throw new JsThrow(realm.MakeError(ErrorKind.Error, "The script waits for a promise that nothing will settle"));
        }
    }
}
