// SPDX-License-Identifier: MIT
// The first example's call from C++. usage: list TARGET.
#include <iostream>
#include <memory>

#include <microgrid/v1.h>
#include <ugrpc/ugrpc.h>

int main(int, char **argv)
{
    struct ugrpc_channel_options options = {};
    options.insecure = true;
    ugrpc_status st = {};
    std::unique_ptr<ugrpc_channel, decltype(&ugrpc_channel_free)> channel(
        ugrpc_channel_new(nullptr, argv[1], &options, &st), ugrpc_channel_free);
    const microgrid_v1_list_components_request all = MICROGRID_V1_LIST_COMPONENTS_REQUEST_INIT;
    microgrid_v1_list_components_response *reply = nullptr;
    if (!channel || microgrid_v1_list_components(channel.get(), &all, &reply, nullptr, &st) != 0) {
        std::cerr << st.message << '\n';
        return 1;
    }
    for (std::size_t i = 0; i < reply->n_components; i++) {
        std::cout << reply->components[i]->id << ' ' << reply->components[i]->name << '\n';
    }
    microgrid_v1_list_components_response_free(reply);
    return 0;
}
