using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SQLitePCL;

public static unsafe partial class raw
{
    /// <summary>Makes, replaces or (with null) removes a function.</summary>
    /// <param name="db">The connection.</param>
    /// <param name="name">The name, not case-sensitive.</param>
    /// <param name="nArg">Number of arguments; -1 for any.</param>
    /// <param name="v">Passed to the function.</param>
    /// <param name="func">The function; null removes it. An exception of it fails the statement with its message.</param>
    /// <returns>A result code.</returns>
    public static int sqlite3_create_function(sqlite3 db, string name, int nArg, object? v, delegate_function_scalar? func) =>
        sqlite3_create_function(db, name, nArg, 0, v, func);

    /// <summary>Makes, replaces or (with null) removes a function.</summary>
    /// <param name="db">The connection.</param>
    /// <param name="name">The name, not case-sensitive.</param>
    /// <param name="nArg">Number of arguments; -1 for any.</param>
    /// <param name="flags">0 or <see cref="SQLITE_DETERMINISTIC"/>.</param>
    /// <param name="v">Passed to the function.</param>
    /// <param name="func">The function; null removes it. An exception of it fails the statement with its message.</param>
    /// <returns>A result code.</returns>
    public static int sqlite3_create_function(
        sqlite3 db, string name, int nArg, int flags, object? v, delegate_function_scalar? func)
    {
        if (func is null)
            return RemoveFunction(db, name, nArg, flags);
        // From here on SQLite owns the handle: it destroys it even if the function cannot be made.
        var function = new GCHandle<UserFunction>(new UserFunction(v, func, Step: null, Final: null));
        return NativeMethods.sqlite3_create_function_v2(
            db, name, nArg, flags | SQLITE_UTF8, GCHandle<UserFunction>.ToIntPtr(function),
            &UserFunction.OnScalar, null, null, &UserFunction.OnDestroy);
    }

    /// <summary>Makes, replaces or (with null) removes an aggregate.</summary>
    /// <param name="db">The connection.</param>
    /// <param name="name">The name, not case-sensitive.</param>
    /// <param name="nArg">Number of arguments; -1 for any.</param>
    /// <param name="v">Passed to the function.</param>
    /// <param name="func_step">Adds a row; null removes the aggregate.</param>
    /// <param name="func_final">Gives the result; null removes the aggregate.</param>
    /// <returns>A result code.</returns>
    public static int sqlite3_create_function(
        sqlite3 db, string name, int nArg, object? v,
        delegate_function_aggregate_step? func_step, delegate_function_aggregate_final? func_final) =>
        sqlite3_create_function(db, name, nArg, 0, v, func_step, func_final);

    /// <summary>Makes, replaces or (with null) removes an aggregate.</summary>
    /// <param name="db">The connection.</param>
    /// <param name="name">The name, not case-sensitive.</param>
    /// <param name="nArg">Number of arguments; -1 for any.</param>
    /// <param name="flags">0 or <see cref="SQLITE_DETERMINISTIC"/>.</param>
    /// <param name="v">Passed to the function.</param>
    /// <param name="func_step">Adds a row; null removes the aggregate.</param>
    /// <param name="func_final">Gives the result; null removes the aggregate.</param>
    /// <returns>A result code.</returns>
    public static int sqlite3_create_function(
        sqlite3 db, string name, int nArg, int flags, object? v,
        delegate_function_aggregate_step? func_step, delegate_function_aggregate_final? func_final)
    {
        if (func_step is null || func_final is null)
            return RemoveFunction(db, name, nArg, flags);
        var function = new GCHandle<UserFunction>(new UserFunction(v, Scalar: null, func_step, func_final));
        return NativeMethods.sqlite3_create_function_v2(
            db, name, nArg, flags | SQLITE_UTF8, GCHandle<UserFunction>.ToIntPtr(function),
            null, &UserFunction.OnStep, &UserFunction.OnFinal, &UserFunction.OnDestroy);
    }

    private static int RemoveFunction(sqlite3 db, string name, int nArg, int flags) =>
        NativeMethods.sqlite3_create_function_v2(db, name, nArg, flags | SQLITE_UTF8, 0, null, null, null, null);

    /// <summary>A function in use by SQLite, which frees it when the function is replaced or the connection is gone.</summary>
    private sealed record UserFunction(
        object? State, delegate_function_scalar? Scalar,
        delegate_function_aggregate_step? Step, delegate_function_aggregate_final? Final)
    {
        [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
        internal static void OnScalar(nint context, int count, nint* values)
        {
            try
            {
                Of(context).Call(
                    context, new sqlite3_context(), count, values, static (f, ctx, arguments) => f.Scalar!(ctx, f.State, arguments));
            }
            catch (Exception e)
            {
                ReportFailure(context, e);
            }
        }

        [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
        internal static void OnStep(nint context, int count, nint* values)
        {
            try
            {
                // SQLite gives each group zeroed memory of its own: room for the handle of the group's context.
                var slot = NativeMethods.sqlite3_aggregate_context(context, sizeof(nint));
                if (slot is null)
                {
                    NativeMethods.sqlite3_result_error_nomem(context);
                    return;
                }

                if (*slot == 0)
                    *slot = GCHandle<sqlite3_context>.ToIntPtr(new GCHandle<sqlite3_context>(new sqlite3_context()));
                var group = GCHandle<sqlite3_context>.FromIntPtr(*slot).Target;
                Of(context).Call(
                    context, group, count, values, static (f, ctx, arguments) => f.Step!(ctx, f.State, arguments));
            }
            catch (Exception e)
            {
                ReportFailure(context, e);
            }
        }

        [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
        internal static void OnFinal(nint context)
        {
            try
            {
                // SQLite always calls this for a group it has begun, so this is where the group's handle is freed.
                // A group without rows has no memory.
                var slot = NativeMethods.sqlite3_aggregate_context(context, 0);
                sqlite3_context? group = null;
                if (slot is not null && *slot != 0)
                {
                    var handle = GCHandle<sqlite3_context>.FromIntPtr(*slot);
                    group = handle.Target;
                    handle.Dispose();
                    *slot = 0;
                }

                Of(context).Call(
                    context, group ?? new sqlite3_context(), 0, null, static (f, ctx, _) => f.Final!(ctx, f.State));
            }
            catch (Exception e)
            {
                ReportFailure(context, e);
            }
        }

        [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
        internal static void OnDestroy(nint userData) => GCHandle<UserFunction>.FromIntPtr(userData).Dispose();

        private static UserFunction Of(nint context) =>
            GCHandle<UserFunction>.FromIntPtr(NativeMethods.sqlite3_user_data(context)).Target;

        private void Call(
            nint context, sqlite3_context ctx, int count, nint* values,
            Action<UserFunction, sqlite3_context, sqlite3_value[]> call)
        {
            var arguments = count == 0 ? [] : new sqlite3_value[count];
            for (var i = 0; i < count; i++)
                arguments[i] = new sqlite3_value(values[i]);
            ctx.Enter(context);
            try
            {
                call(this, ctx, arguments);
            }
            finally
            {
                // Who keeps them gets an exception later, not freed memory.
                ctx.Leave();
                foreach (var argument in arguments)
                    argument.Leave();
            }
        }

        private static void ReportFailure(nint context, Exception exception)
        {
            try
            {
                ResultError(context, exception.Message);
            }
            catch (Exception)
            {
                // A message that cannot be had must not take the process down.
                NativeMethods.sqlite3_result_error_code(context, SQLITE_ERROR);
            }
        }
    }
}
